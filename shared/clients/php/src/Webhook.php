<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** Whether a delivery is from quorum: signed as Standard Webhooks 1.0 say, and fresh. */
final class Webhook
{
    private const TOLERANCE_SECONDS = 300;
    private const MAX_HEADER_BYTES = 4096;
    private const MAX_BODY_BYTES = 2 ** 20;
    private const MIN_SECRET_BYTES = 16;

    /**
     * Return the event of a delivery. The same event may come again: remember its id.
     *
     * @param string|list<string> $secrets as quorum showed it (`whsec_...`), or several while they are changed
     * @param array<string, string> $headers in any case; those of $_SERVER (`HTTP_WEBHOOK_ID`) are found, too
     * @param string $body as it came (`file_get_contents('php://input')`), before anything has parsed it
     * @param int $tolerance seconds that it may be older or newer than `$now` (Unix seconds)
     * @throws InvalidWebhook
     * @throws \InvalidArgumentException for a secret that is none
     */
    public static function verify(
        string|array $secrets,
        array $headers,
        string $body,
        int $tolerance = self::TOLERANCE_SECONDS,
        ?float $now = null,
    ): Event {
        $keys = array_map(self::key(...), is_string($secrets) ? [$secrets] : $secrets);
        if ($keys === []) {
            throw new \InvalidArgumentException('there is no secret to verify with');
        }
        $found = array_change_key_case($headers);
        $id = self::header($found, 'webhook-id');
        $timestamp = self::header($found, 'webhook-timestamp');
        $signatures = self::header($found, 'webhook-signature');
        if (!preg_match('/^[0-9]{1,12}$/D', $timestamp)) {
            throw new InvalidWebhook('timestamp', 'webhook-timestamp is no number of seconds');
        }
        if (abs(($now ?? microtime(true)) - (int) $timestamp) > $tolerance) {
            throw new InvalidWebhook('timestamp', "webhook-timestamp is more than $tolerance s away: an old delivery");
        }
        if (strlen($body) > self::MAX_BODY_BYTES) {
            throw new InvalidWebhook('body', 'the body has more than ' . self::MAX_BODY_BYTES . ' bytes');
        }
        $fits = false;
        foreach ($keys as $key) {
            $wanted = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
            foreach (explode(' ', $signatures) as $given) {
                $fits = hash_equals($wanted, $given) || $fits;
            }
        }
        if (!$fits) {
            throw new InvalidWebhook('signature', 'no signature fits: another secret, or a changed body');
        }
        return self::event($body);
    }

    private static function key(string $secret): string
    {
        $text = str_starts_with($secret, 'whsec_') ? substr($secret, 6) : $secret;
        $key = preg_match('#^[A-Za-z0-9+/]+={0,2}$#D', $text) && strlen($text) % 4 === 0 ? base64_decode($text, true) : false;
        if ($key === false || strlen($key) < self::MIN_SECRET_BYTES) {
            throw new \InvalidArgumentException('a secret is whsec_ and base64, as quorum showed it');
        }
        return $key;
    }

    /** @param array<string, string> $headers by their names in lower case */
    private static function header(array $headers, string $name): string
    {
        $value = $headers[$name] ?? $headers['http_' . strtr($name, '-', '_')] ?? '';
        if (!is_string($value) || $value === '' || strlen($value) > self::MAX_HEADER_BYTES) {
            throw new InvalidWebhook('headers', "$name is missing or too long");
        }
        return $value;
    }

    private static function event(string $body): Event
    {
        try {
            return Event::of(json_decode($body, true), '');
        } catch (\UnexpectedValueException $error) {
            throw new InvalidWebhook('body', 'the signature fits, and the body is no event');
        }
    }
}
