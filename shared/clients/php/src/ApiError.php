<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** The API refuses a call; `status` and `problem` (RFC 9457) say why, `retryAfter` (s) when to come back. */
final class ApiError extends QuorumError
{
    /** @param array<string, mixed> $problem */
    public function __construct(
        public readonly int $status,
        public readonly array $problem,
        public readonly ?float $retryAfter = null,
    ) {
        parent::__construct("$status: " . Refusals::detail($problem));
    }

    /** The end of the problem's type: `invalid-cursor`, `rate-limited`. */
    public function kind(): string
    {
        $type = $this->problem['type'] ?? '';
        return is_string($type) ? substr((string) strrchr(":$type", ':'), 1) : '';
    }
}
