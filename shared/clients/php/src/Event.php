<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** A CloudEvent (1.0). The same decision has the same id for ever: remember ids, and you act exactly once. */
final class Event
{
    public const BLOCKED = 'quorum.image.blocked.v1';
    public const UNBLOCKED = 'quorum.image.unblocked.v1';
    public const DELETED = 'quorum.image.deleted.v1';
    public const HELD = 'quorum.image.held.v1';
    public const APPEAL_DECIDED = 'quorum.appeal.decided.v1';
    public const SHIELDS_RAISED = 'quorum.shields.raised.v1';
    public const SHIELDS_LOWERED = 'quorum.shields.lowered.v1';

    /**
     * @param string $subject the image id, or `shields`
     * @param array<string, mixed> $data
     * @param string $cursor where reading goes on after it; empty for one that a webhook brought
     */
    private function __construct(
        public readonly string $id,
        public readonly string $type,
        public readonly string $subject,
        public readonly \DateTimeImmutable $time,
        public readonly array $data,
        public readonly string $cursor,
        public readonly string $source,
        public readonly ?string $traceparent,
    ) {
    }

    /** Return the event that decoded JSON is. Throws \UnexpectedValueException when it is none. */
    public static function of(mixed $fields, string $cursor): self
    {
        if (!is_array($fields) || !is_array($fields['data'] ?? null)) {
            throw new \UnexpectedValueException('it is no event');
        }
        foreach (['id', 'type', 'subject', 'time', 'source'] as $name) {
            if (!is_string($fields[$name] ?? null)) {
                throw new \UnexpectedValueException("it is no event: $name is missing");
            }
        }
        $trace = $fields['traceparent'] ?? null;
        return new self(
            $fields['id'],
            $fields['type'],
            $fields['subject'],
            self::moment($fields['time']),
            $fields['data'],
            $cursor,
            $fields['source'],
            is_string($trace) ? $trace : null,
        );
    }

    private static function moment(string $time): \DateTimeImmutable
    {
        if (!preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/D', $time)) {
            throw new \UnexpectedValueException('it is no event: its time is none');
        }
        try {
            return new \DateTimeImmutable($time);
        } catch (\Exception $error) {
            throw new \UnexpectedValueException('it is no event: its time is none', 0, $error);
        }
    }
}
