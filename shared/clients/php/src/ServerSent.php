<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** One server-sent event; `id` is where to come back after, and one without data only changes that. */
final class ServerSent
{
    private const MAX_DATA_BYTES = 2 ** 20;

    private function __construct(
        public readonly string $id,
        public readonly string $kind,
        public readonly string $data,
    ) {
    }

    /**
     * Yield what the lines of a stream hold (WHATWG HTML, 9.2.6), whole events only.
     *
     * @param iterable<string> $lines
     * @return \Generator<int, self>
     */
    public static function read(iterable $lines, string $lastId = ''): \Generator
    {
        [$kind, $data, $changed] = ['', [], false];
        foreach ($lines as $line) {
            [$name, $value] = explode(':', "$line:", 2);
            $value = substr($value, 0, -1);
            $value = str_starts_with($value, ' ') ? substr($value, 1) : $value;
            if ($line === '') {
                if ($data !== [] || $changed) {
                    yield new self($lastId, $kind, implode("\n", $data));
                }
                [$kind, $data, $changed] = ['', [], false];
            } elseif ($name === 'id' && !str_contains($value, "\0")) {
                [$lastId, $changed] = [$value, true];
            } elseif ($name === 'event') {
                $kind = $value;
            } elseif ($name === 'data') {
                $data[] = $value;
                if (array_sum(array_map(strlen(...), $data)) > self::MAX_DATA_BYTES) {
                    throw new Unavailable('an event of the stream has no end');
                }
            }
        }
    }
}
