<?php
declare(strict_types=1);

namespace QuorumBlocks;

/**
 * Talks to one quorum.
 *
 * Every method throws ApiError when the API refuses, and Unavailable when it cannot be reached or cannot answer just
 * now, after three more tries. A `Retry-After` of at most a minute is waited out, a longer one thrown.
 *
 * @phpstan-type Status array{image_id: string, state: string, protected: bool, epoch: int, score: float|int,
 *     reporters: int, reasons: array<string, int>, blocked_at: ?string}
 */
final class Client
{
    public const WAIT_SECONDS = 10; // of the feed, for the first event
    private const SILENCE_SECONDS = 45.0; // a stream tells something every 15 s
    private const PAGE = 1000;
    private const JSON = JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES;

    /** Of the rules for URLs, as the blocklist or events last told. */
    public ?string $urlRulesVersion = null;
    private readonly string $url;
    private readonly string $streamUrl;
    private readonly Transport $transport;

    /**
     * @param float $timeout seconds that a call may take, each try by itself
     * @param ?string $streamUrl where the stream is, when it is not below the API's URL
     */
    public function __construct(string $url, ?string $key = null, float $timeout = 10.0, ?string $streamUrl = null)
    {
        $this->url = rtrim($url, '/');
        $this->streamUrl = $streamUrl ?? "$this->url/v1/events/stream";
        foreach ([$this->url, $this->streamUrl] as $one) {
            if (!preg_match('#^https?://[^/?\#\s]+#i', $one)) {
                throw new \InvalidArgumentException('the URL of quorum begins with https:// or http://');
            }
        }
        $this->transport = new Transport($key, $timeout);
    }

    /**
     * Report an image for a reader; return what to tell them, in the language asked for.
     *
     * @param array<string, mixed> $more reporter_since, content_hash, content_quality
     */
    public function report(
        string $imageId,
        string $reason,
        ?string $reporterId = null,
        string $language = 'en',
        array $more = [],
    ): string {
        $body = ['image_id' => $imageId, 'reason' => $reason, 'reporter_id' => $reporterId] + $more;
        $given = array_filter($body, static fn (mixed $value) => $value !== null);
        $answer = $this->call('POST', '/v1/reports', $given, ['Accept-Language' => $language]);
        return self::text($answer['message'] ?? null);
    }

    /** @return Status what is known of an image now */
    public function status(string $imageId): array
    {
        return self::statusOf($this->call('GET', '/v1/images/' . rawurlencode($imageId)));
    }

    /**
     * @param list<string> $imageIds up to 1,000
     * @return list<Status> in order
     */
    public function statuses(array $imageIds): array
    {
        $answer = $this->call('POST', '/v1/images/status', ['image_ids' => array_values($imageIds)]);
        return array_map(self::statusOf(...), self::listOf($answer['images'] ?? null));
    }

    /** @return array{images: list<string>, cursor: string} what is blocked, and where `events` go on without a gap */
    public function snapshot(): array
    {
        $images = [];
        $query = ['limit' => self::PAGE];
        while (true) {
            $page = self::decoded($this->listed('/v1/blocklist?' . http_build_query($query))->body);
            foreach (self::listOf($page['images'] ?? null) as $one) {
                $images[] = self::text($one['image_id'] ?? null);
            }
            if (!isset($page['next'])) {
                return ['images' => $images, 'cursor' => self::text($page['cursor'] ?? null)];
            }
            $query['page'] = self::text($page['next']);
        }
    }

    /**
     * Return the events after a cursor (`now`: none yet), oldest first, and where to go on.
     *
     * With `$types` or `$subject` there may be fewer, even none, before the end.
     *
     * @param int $wait seconds to wait for the first
     * @param list<string> $types
     * @return array{events: list<Event>, cursor: string}
     * @throws CursorExpired
     */
    public function events(
        ?string $after = null,
        int $limit = 100,
        int $wait = 0,
        array $types = [],
        ?string $subject = null,
    ): array {
        $query = ['limit' => $limit, 'wait' => $wait, 'after' => $after, 'subject' => $subject];
        $answer = $this->listed('/v1/events?' . http_build_query($query) . self::typesIn($types, '&'), $wait);
        $events = array_map(
            static fn (mixed $one) => self::event($one, is_array($one) ? self::text($one['cursor'] ?? null) : ''),
            self::listOf(self::decodedList($answer->body)),
        );
        return ['events' => $events, 'cursor' => self::text($answer->headers['quorum-cursor'] ?? null)];
    }

    /**
     * Yield events for ever, across outages, asked for with long waits.
     *
     * @param list<string> $types
     * @return \Generator<int, Event>
     * @throws ApiError|CursorExpired
     */
    public function follow(?string $after = null, array $types = []): \Generator
    {
        while (true) {
            try {
                ['events' => $events, 'cursor' => $after] = $this->events($after, 100, self::WAIT_SECONDS, $types);
            } catch (QuorumError $error) {
                Refusals::sleep(Refusals::pauseAfter($error));
                continue;
            }
            foreach ($events as $event) {
                yield $event;
            }
        }
    }

    /**
     * Yield events for ever from the stream (server-sent events), which is opened again after the last one.
     *
     * @param list<string> $types
     * @return \Generator<int, Event>
     * @throws ApiError|CursorExpired
     */
    public function stream(?string $after = null, array $types = []): \Generator
    {
        while (true) {
            $headers = ['Accept' => 'text/event-stream'] + ($after === null ? [] : ['Last-Event-ID' => $after]);
            $lines = $this->transport->lines($this->streamUrl . self::typesIn($types, '?'), $headers, self::SILENCE_SECONDS);
            try {
                foreach (ServerSent::read($lines, $after ?? '') as $sent) {
                    if ($sent->kind === 'expired') {
                        throw new CursorExpired();
                    }
                    $after = $sent->id === '' ? $after : $sent->id;
                    if ($sent->data !== '') {
                        yield self::event(self::decoded($sent->data), $sent->id);
                    }
                }
            } catch (QuorumError $error) {
                Refusals::sleep(Refusals::pauseAfter($error));
            }
        }
    }

    private function listed(string $path, float $wait = 0): Answer
    {
        $answer = $this->transport->ask('GET', $this->url . $path, null, [], $wait);
        $this->urlRulesVersion = $answer->headers['quorum-url-rules'] ?? null;
        return $answer;
    }

    /**
     * @param ?array<string, mixed> $body
     * @param array<string, string> $headers
     * @return array<mixed>
     */
    private function call(string $method, string $path, ?array $body = null, array $headers = []): array
    {
        $text = $body === null ? null : json_encode($body, self::JSON);
        return self::decoded($this->transport->ask($method, $this->url . $path, $text, $headers)->body);
    }

    /** @param list<string> $types */
    private static function typesIn(array $types, string $before): string
    {
        $parts = array_map(static fn (string $type) => 'type=' . rawurlencode($type), $types);
        return $parts === [] ? '' : $before . implode('&', $parts);
    }

    /** @return array<mixed> */
    private static function decoded(string $body): array
    {
        $found = json_decode($body, true);
        return is_array($found) ? $found : throw self::notOurs();
    }

    private static function event(mixed $fields, string $cursor): Event
    {
        try {
            return Event::of($fields, $cursor);
        } catch (\UnexpectedValueException $error) {
            throw self::notOurs($error);
        }
    }

    /** @return Status */
    private static function statusOf(mixed $status): array
    {
        return is_array($status) && is_string($status['image_id'] ?? null) && is_string($status['state'] ?? null)
            ? $status
            : throw self::notOurs();
    }

    /** @return array<mixed> of a list, which an object is not */
    private static function decodedList(string $body): array
    {
        return str_starts_with(ltrim($body), '[') ? self::decoded($body) : throw self::notOurs();
    }

    /** @return list<mixed> */
    private static function listOf(mixed $value): array
    {
        return is_array($value) && array_is_list($value) ? $value : throw self::notOurs();
    }

    private static function text(mixed $value): string
    {
        return is_string($value) ? $value : throw self::notOurs();
    }

    private static function notOurs(?\Throwable $cause = null): Unavailable
    {
        return new Unavailable("the answer is none of quorum's", null, $cause);
    }
}
