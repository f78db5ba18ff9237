<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** How the server says no, and how long a client waits before it asks again. */
final class Refusals
{
    public const RETRIES = 3;
    /** Seconds; a Retry-After beyond is not slept through inside a call: the caller is told. */
    public const PATIENCE = 60.0;
    /** Statuses after which nothing was stored; reports count once, so that sending them again is safe. */
    public const AGAIN = [429, 502, 503, 504];
    public const LONGEST_PAUSE = 2.0;
    private const BACKOFF = 0.2;
    private const SHORTEST_PAUSE = 0.5;

    /** Return the error that an answer is. */
    public static function of(Answer $answer): QuorumError
    {
        $problem = json_decode($answer->body, true);
        $problem = is_array($problem) ? $problem : [];
        $retryAfter = self::retryAfter($answer->headers['retry-after'] ?? '');
        if ($answer->status === 410) {
            $oldest = $problem['oldest'] ?? '';
            return new CursorExpired(is_string($oldest) ? $oldest : '');
        }
        if ($answer->status >= 500) {
            return new Unavailable("$answer->status: " . self::detail($problem), $retryAfter);
        }
        return new ApiError($answer->status, $problem, $retryAfter);
    }

    /** @param array<string, mixed> $problem */
    public static function detail(array $problem): string
    {
        $said = $problem['detail'] ?? $problem['title'] ?? null;
        return is_string($said) ? $said : 'no detail';
    }

    /** Return what Retry-After says, in seconds or as a date (RFC 9110, 10.2.3); null when it says nothing. */
    public static function retryAfter(string $text): ?float
    {
        $text = trim($text);
        if ($text !== '' && ctype_digit($text)) {
            return (float) substr($text, 0, 9);
        }
        $moment = preg_match('/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/D', $text) ? strtotime($text) : false;
        return $moment === false ? null : max($moment - microtime(true), 0.0);
    }

    /** Return seconds to wait before asking again after some tries (from 1); null for not at all. */
    public static function waitBefore(int $attempt, ?float $retryAfter): ?float
    {
        if ($attempt > self::RETRIES || ($retryAfter ?? 0.0) > self::PATIENCE) {
            return null;
        }
        return $retryAfter ?? self::BACKOFF * 2 ** $attempt * self::between(0.5, 1.0);
    }

    /**
     * Return seconds that whoever asks for ever pauses after a call that came to nothing.
     *
     * @throws QuorumError what no pause mends
     */
    public static function pauseAfter(QuorumError $error): float
    {
        $passing = $error instanceof Unavailable || ($error instanceof ApiError && $error->status === 429);
        if (!$passing) {
            throw $error;
        }
        return $error->retryAfter === null
            ? self::between(self::SHORTEST_PAUSE, self::LONGEST_PAUSE)
            : min($error->retryAfter, self::PATIENCE);
    }

    public static function sleep(float $seconds): void
    {
        usleep((int) round($seconds * 1_000_000));
    }

    private static function between(float $least, float $most): float
    {
        return $least + ($most - $least) * mt_rand() / mt_getrandmax();
    }
}
