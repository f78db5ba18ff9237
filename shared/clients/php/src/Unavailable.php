<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** The server cannot be reached, or cannot answer just now; `retryAfter` (s) when it said when to come back. */
final class Unavailable extends QuorumError
{
    public function __construct(string $what, public readonly ?float $retryAfter = null, ?\Throwable $cause = null)
    {
        parent::__construct($what, 0, $cause);
    }
}
