<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** A delivery is not to be believed: answer 401. `why` is `headers`, `timestamp`, `signature` or `body`. */
final class InvalidWebhook extends QuorumError
{
    public function __construct(public readonly string $why, string $what)
    {
        parent::__construct($what);
    }
}
