<?php
declare(strict_types=1);

namespace QuorumBlocks;

/**
 * What is blocked, in memory: list, then watch.
 *
 * With a path the list and its cursor are kept in a file, replaced as a whole, from which a restart goes on; nothing is
 * missed, and applying an event twice changes nothing. One process runs `run` or calls `sync` now and then; pages make
 * a Blocklist of the same file and only ask `has`.
 */
final class Blocklist
{
    private const PLAIN_CHARACTERS = 512; // longer ids may be shortened by the server
    private const LOOK_UP = 1000; // ids in one call
    private const MOST_NAMES = 100_000; // spellings of URLs that are remembered

    /** @var array<string|int, true> */
    private array $images = [];
    private ?string $cursor = null;
    /** @var array<string|int, string> */
    private array $names = [];
    private ?string $namesVersion = null;
    private ?float $heard = null;

    public function __construct(private readonly Client $client, private readonly ?string $path = null)
    {
        $this->load();
    }

    /** @return list<string> */
    public function images(): array
    {
        return array_map(strval(...), array_keys($this->images));
    }

    public function cursor(): ?string
    {
        return $this->cursor;
    }

    /** How long ago the server last answered; null before it ever did. */
    public function ageSeconds(): ?float
    {
        return $this->heard === null ? null : microtime(true) - $this->heard;
    }

    /**
     * Tell whether an image is blocked: from memory, but for the first time that a URL is asked for. It may be written
     * in many ways, and the server knows which of them are one image.
     */
    public function has(string $imageId): bool
    {
        return $this->lookUp([$imageId])[0];
    }

    /**
     * @param list<string> $imageIds
     * @return list<bool> whether each is blocked, in order; names that are not known yet are asked for in few calls
     */
    public function lookUp(array $imageIds): array
    {
        $found = [];
        foreach (array_unique($imageIds) as $one) {
            $found[$one] = self::plainName($one) ?? $this->names[$one] ?? null;
        }
        $unknown = array_map(strval(...), array_keys(array_filter($found, static fn (?string $name) => $name === null)));
        foreach (array_chunk($unknown, self::LOOK_UP) as $some) {
            foreach ($this->client->statuses($some) as $number => $status) {
                $found[$some[$number]] = $this->names[$some[$number]] = $status['image_id'];
            }
        }
        $this->names = count($this->names) > self::MOST_NAMES ? [] : $this->names;
        return array_map(fn (string $one) => isset($this->images[$found[$one]]), $imageIds);
    }

    /**
     * Read the list when there is none yet, or its cursor is too old; else the events since, and return those.
     *
     * @param int $wait seconds to wait for the first event
     * @return list<Event>
     */
    public function sync(int $wait = 0): array
    {
        $events = $this->cursor === null ? $this->replace() : $this->watch($this->cursor, $wait);
        if ($this->client->urlRulesVersion !== $this->namesVersion) {
            [$this->names, $this->namesVersion] = [[], $this->client->urlRulesVersion];
        }
        $this->heard = microtime(true);
        return $events;
    }

    /**
     * Keep the list up to date for ever.
     *
     * @param ?callable(list<Event>): void $onEvents
     * @param ?callable(QuorumError): void $onTrouble
     */
    public function run(?callable $onEvents = null, ?callable $onTrouble = null): never
    {
        while (true) {
            try {
                $events = $this->sync(Client::WAIT_SECONDS);
                $onEvents === null || $onEvents($events);
            } catch (QuorumError $error) {
                $onTrouble === null || $onTrouble($error);
                Refusals::sleep(self::pause($error));
            }
        }
    }

    /** @return list<Event> */
    private function watch(string $cursor, int $wait): array
    {
        try {
            ['events' => $events, 'cursor' => $after] = $this->client->events($cursor, 1000, $wait);
        } catch (CursorExpired) {
            return $this->replace();
        } catch (ApiError $error) {
            return $error->kind() === 'invalid-cursor' ? $this->replace() : throw $error;
        }
        foreach ($events as $event) {
            if ($event->type === Event::BLOCKED) {
                $this->images[$event->subject] = true;
            } elseif ($event->type === Event::UNBLOCKED || $event->type === Event::DELETED) {
                unset($this->images[$event->subject]);
            }
        }
        $this->cursor = $after;
        if ($after !== $cursor) {
            $this->save();
        }
        return $events;
    }

    /** @return list<Event> */
    private function replace(): array
    {
        ['images' => $images, 'cursor' => $this->cursor] = $this->client->snapshot();
        $this->images = array_fill_keys($images, true);
        $this->save();
        return [];
    }

    private function load(): void
    {
        if ($this->path === null || !is_file($this->path)) {
            return;
        }
        $kept = json_decode((string) file_get_contents($this->path), true);
        $images = $kept['images'] ?? null;
        if (is_array($images) && is_string($kept['cursor'] ?? null) && $images === array_filter($images, is_string(...))) {
            [$this->images, $this->cursor] = [array_fill_keys($images, true), $kept['cursor']];
        }
    }

    private function save(): void
    {
        if ($this->path === null) {
            return;
        }
        $images = $this->images();
        sort($images, SORT_STRING);
        $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES;
        $text = json_encode(['cursor' => $this->cursor, 'images' => $images, 'url_rules' => null], $flags);
        $draft = "$this->path.draft";
        $file = fopen($draft, 'w');
        $written = $file !== false && fwrite($file, $text) === strlen($text) && fsync($file) && fclose($file);
        if (!$written || !rename($draft, $this->path)) {
            throw new \RuntimeException("$this->path cannot be written");
        }
    }

    /** Return the name of an image that is the same however quorum's policy reads URLs; null when the server must say. */
    private static function plainName(string $imageId): ?string
    {
        if (strlen($imageId) > self::PLAIN_CHARACTERS || preg_match('#^https?://#i', $imageId)) {
            return null;
        }
        if (!preg_match('/[^\x00-\x7f]/', $imageId)) {
            return $imageId;
        }
        $name = class_exists(\Normalizer::class) ? \Normalizer::normalize($imageId) : false;
        return is_string($name) ? $name : null;
    }

    private static function pause(QuorumError $error): float
    {
        try {
            return Refusals::pauseAfter($error);
        } catch (QuorumError) {
            return Refusals::LONGEST_PAUSE; // asked again, too: a key may be given its rights
        }
    }
}
