<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** Whatever this client throws on purpose. */
class QuorumError extends \RuntimeException
{
}
