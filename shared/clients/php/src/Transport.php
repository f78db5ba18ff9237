<?php
declare(strict_types=1);

namespace QuorumBlocks;

/** HTTP with an end: every call has a time by which it is over, and an answer a size beyond which it is not read. */
final class Transport
{
    private const MAX_ANSWER_BYTES = 64 * 2 ** 20; // a page of a thousand events has a few
    private const MAX_LINE_BYTES = 2 ** 20;
    private const PIECE_BYTES = 65_536;

    public function __construct(private readonly ?string $key, private readonly float $timeout)
    {
    }

    /**
     * Return a good answer; what may be tried again is, after the time that the server tells. `$wait` adds seconds.
     *
     * @param array<string, string> $headers
     * @throws ApiError|CursorExpired|Unavailable
     */
    public function ask(string $method, string $url, ?string $body = null, array $headers = [], float $wait = 0): Answer
    {
        for ($attempt = 1;; $attempt++) {
            [$answer, $told] = [null, null];
            try {
                $answer = $this->once($method, $url, $body, $headers, $this->timeout + $wait);
            } catch (Unavailable $error) {
                $problem = $error;
            }
            if ($answer !== null) {
                if ($answer->status >= 200 && $answer->status < 300) {
                    return $answer;
                }
                $problem = Refusals::of($answer);
                $told = Refusals::retryAfter($answer->headers['retry-after'] ?? '');
            }
            $again = $answer === null || in_array($answer->status, Refusals::AGAIN, true);
            $pause = $again ? Refusals::waitBefore($attempt, $told) : null;
            if ($pause === null) {
                throw $problem;
            }
            Refusals::sleep($pause);
        }
    }

    /**
     * Yield the lines of an endless answer as they come.
     *
     * @param array<string, string> $headers
     * @return \Generator<int, string>
     * @throws ApiError|CursorExpired|Unavailable the last when it ends, or is silent for `$silence` seconds
     */
    public function lines(string $url, array $headers, float $silence): \Generator
    {
        [$stream, $status, $found] = $this->open('GET', $url, null, $headers, $this->timeout, false);
        try {
            if ($status < 200 || $status >= 300) {
                $body = (string) stream_get_contents($stream, self::PIECE_BYTES);
                throw Refusals::of(new Answer($status, $found, $body));
            }
            self::waitAtMost($stream, $silence);
            $rest = '';
            foreach (self::pieces($stream, ($found['transfer-encoding'] ?? '') !== '') as $piece) {
                $lines = explode("\n", $rest . $piece);
                $rest = array_pop($lines);
                foreach ($lines as $line) {
                    yield rtrim($line, "\r");
                }
                if (strlen($rest) > self::MAX_LINE_BYTES) {
                    throw new Unavailable(self::place($url) . ' sends a line without an end');
                }
            }
        } finally {
            fclose($stream);
        }
        throw new Unavailable(self::place($url) . ' ended the stream');
    }

    /** @param array<string, string> $headers */
    private function once(string $method, string $url, ?string $body, array $headers, float $seconds): Answer
    {
        $deadline = microtime(true) + $seconds;
        [$stream, $status, $found] = $this->open($method, $url, $body, $headers, $seconds);
        try {
            $data = '';
            while (!feof($stream)) {
                self::waitAtMost($stream, max($deadline - microtime(true), 0.001));
                $data .= (string) fread($stream, self::PIECE_BYTES);
                if (stream_get_meta_data($stream)['timed_out'] || microtime(true) > $deadline) {
                    throw new Unavailable(self::place($url) . " has not answered whole within $seconds s");
                }
                if (strlen($data) > self::MAX_ANSWER_BYTES) {
                    throw new Unavailable(self::place($url) . ' answers with too much');
                }
            }
        } finally {
            fclose($stream);
        }
        if (isset($found['content-length']) && strlen($data) < (int) $found['content-length']) {
            throw new Unavailable(self::place($url) . ' cut its answer off');
        }
        return new Answer($status, $found, $data);
    }

    /**
     * @param array<string, string> $headers
     * @return array{resource, int, array<string, string>}
     */
    private function open(string $method, string $url, ?string $body, array $headers, float $seconds, bool $decode = true): array
    {
        $headers += ['Connection' => 'close', 'Accept' => 'application/json', 'User-Agent' => 'quorum-blocks-client-php'];
        $headers += $this->key === null ? [] : ['Authorization' => "Bearer $this->key"];
        $headers += $body === null ? [] : ['Content-Type' => 'application/json'];
        if (preg_match('/[\x00-\x08\x0a-\x1f\x7f]/', implode('', $headers))) {
            throw new \InvalidArgumentException('a header holds a line break or another control character');
        }
        $lines = array_map(static fn (string $name, string $value) => "$name: $value", array_keys($headers), $headers);
        $options = [
            'method' => $method,
            'header' => $lines,
            'timeout' => $seconds,
            'protocol_version' => 1.1,
            'follow_location' => 0,
            'ignore_errors' => true,
            'auto_decode' => $decode,
        ] + ($body === null ? [] : ['content' => $body]);
        error_clear_last();
        $stream = @fopen($url, 'r', false, stream_context_create(['http' => $options]));
        if ($stream === false) {
            $cause = error_get_last()['message'] ?? 'no answer';
            throw new Unavailable(self::place($url) . ' cannot be reached: ' . preg_replace('/^fopen\(.*?\): /', '', $cause));
        }
        [$status, $found] = self::head((array) (stream_get_meta_data($stream)['wrapper_data'] ?? []));
        return [$stream, $status, $found];
    }

    /**
     * Yield what comes as soon as it comes. PHP's own decoding of chunks waits until it has 8 KiB.
     *
     * @param resource $stream
     * @return \Generator<int, string>
     */
    private static function pieces($stream, bool $chunked): \Generator
    {
        while ($chunked && preg_match('/^([0-9a-f]{1,7})\s*(;.*)?$/i', rtrim((string) fgets($stream, 100), "\r\n"), $size)) {
            for ($left = (int) hexdec($size[1]); $left > 0; $left -= strlen($piece)) {
                $piece = (string) fread($stream, min($left, self::PIECE_BYTES));
                if ($piece === '') {
                    return; // cut off, or silent for too long
                }
                yield $piece;
            }
            if (fgets($stream, 3) === false || (int) hexdec($size[1]) === 0) {
                return;
            }
        }
        while (!$chunked && ($piece = (string) fread($stream, self::PIECE_BYTES)) !== '') {
            yield $piece;
        }
    }

    /**
     * @param array<int, mixed> $lines
     * @return array{int, array<string, string>}
     */
    private static function head(array $lines): array
    {
        [$status, $headers] = [0, []];
        foreach ($lines as $line) {
            if (is_string($line) && preg_match('#^HTTP/\S+ (\d{3})#', $line, $found)) {
                [$status, $headers] = [(int) $found[1], []]; // one of several: 100 Continue comes before the answer
            } elseif (is_string($line) && str_contains($line, ':')) {
                [$name, $value] = explode(':', $line, 2);
                $headers[strtolower(trim($name))] = trim($value);
            }
        }
        return [$status, $headers];
    }

    /** @param resource $stream */
    private static function waitAtMost($stream, float $seconds): void
    {
        stream_set_timeout($stream, (int) $seconds, (int) (fmod($seconds, 1.0) * 1_000_000));
    }

    private static function place(string $url): string
    {
        return explode('?', $url, 2)[0];
    }
}
