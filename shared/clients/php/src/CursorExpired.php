<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** A cursor is older than the events that are kept: begin again with the blocklist. */
final class CursorExpired extends QuorumError
{
    public function __construct(public readonly string $oldest = '')
    {
        parent::__construct(
            'the cursor is older than the oldest kept event; read the blocklist, then go on after its cursor'
        );
    }
}
