<?php
// What the conformance test asks of a client (tests/e2e/clients): commands as lines of JSON on standard input, an answer
// to each on standard output. php driver.php verify | calls URL KEY [STREAM_URL] | keep URL KEY FILE
declare(strict_types=1);

require __DIR__ . '/../autoload.php';

use QuorumBlocks\ApiError;
use QuorumBlocks\Blocklist;
use QuorumBlocks\Client;
use QuorumBlocks\CursorExpired;
use QuorumBlocks\Event;
use QuorumBlocks\InvalidWebhook;
use QuorumBlocks\Unavailable;
use QuorumBlocks\Webhook;

set_error_handler(static fn (int $level, string $what) => error_reporting() & $level ? throw new ErrorException($what) : true);

function tell(mixed $answer): void
{
    fwrite(STDOUT, json_encode($answer, JSON_THROW_ON_ERROR) . "\n");
    fflush(STDOUT);
}

function seconds(): float
{
    return (float) (getenv('TIMEOUT') ?: 5); // that a call may take
}

/** @return array<string, mixed> */
function kindOf(Throwable $error): array
{
    return match (true) {
        $error instanceof InvalidWebhook => ['kind' => 'webhook', 'why' => $error->why],
        $error instanceof ApiError => ['kind' => 'api', 'status' => $error->status, 'retry_after' => $error->retryAfter],
        $error instanceof CursorExpired => ['kind' => 'expired'],
        $error instanceof Unavailable => ['kind' => 'unavailable', 'retry_after' => $error->retryAfter],
        default => ['kind' => $error::class, 'message' => $error->getMessage()],
    };
}

/** @return list<string> */
function told(Event $event): array
{
    return [$event->type, $event->subject, $event->cursor];
}

/**
 * @param iterable<Event> $events
 * @return list<list<string>>
 */
function take(iterable $events, int $count): array
{
    $taken = [];
    foreach ($events as $event) {
        $taken[] = told($event);
        if (count($taken) === $count) {
            break;
        }
    }
    return $taken;
}

/** @param callable(array<string, mixed>): mixed $answer */
function answerLines(callable $answer): void
{
    while (($line = fgets(STDIN)) !== false) {
        try {
            tell(['ok' => $answer(json_decode($line, true, 512, JSON_THROW_ON_ERROR))]);
        } catch (Throwable $error) {
            tell(['error' => kindOf($error)]);
        }
    }
}

function calls(string $url, string $key, ?string $streamUrl): void
{
    $client = new Client($url, $key, seconds(), $streamUrl);
    $blocklist = new Blocklist($client);
    $sorted = static function (array $images): array {
        sort($images, SORT_STRING);
        return $images;
    };
    answerLines(static fn (array $given) => match ($given['call']) {
        'report' => $client->report($given['image_id'], $given['reason'], $given['reporter_id'], $given['language']),
        'status' => $client->status($given['id'])['state'],
        'statuses' => array_map(static fn ($one) => [$one['image_id'], $one['state']], $client->statuses($given['ids'])),
        'snapshot' => $sorted($client->snapshot()['images']),
        'events' => (static function () use ($client, $given): array {
            $page = $client->events(
                $given['after'] ?? null,
                wait: $given['wait'] ?? 0,
                types: $given['types'] ?? [],
                subject: $given['subject'] ?? null,
            );
            return ['events' => array_map(told(...), $page['events']), 'cursor' => $page['cursor']];
        })(),
        'follow' => take($client->follow($given['after'] ?? null, $given['types'] ?? []), $given['count']),
        'stream' => take($client->stream($given['after'] ?? null, $given['types'] ?? []), $given['count']),
        'sync' => (static function () use ($blocklist, $sorted): array {
            $blocklist->sync();
            return $sorted($blocklist->images());
        })(),
        'blocked' => $blocklist->lookUp($given['ids']),
    });
}

[, $mode, $url, $key, $last] = $argv + [null, '', '', '', null];
if ($mode === 'keep') {
    $blocklist = new Blocklist(new Client($url, $key, seconds()), $last);
    tell(['from' => $blocklist->cursor()]);
    $blocklist->run(static fn () => tell(['at' => $blocklist->cursor()]));
} elseif ($mode === 'verify') {
    answerLines(static function (array $given): array {
        $body = base64_decode($given['body_base64']);
        $event = Webhook::verify($given['secrets'], $given['headers'], $body, now: $given['now']);
        return [$event->id, $event->type, $event->subject];
    });
} else {
    calls($url, $key, $last);
}
