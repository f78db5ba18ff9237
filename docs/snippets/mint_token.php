<?php
// Mint a reporter token: php mint_token.php READER [AUDIENCE] [SINCE]. The secret is in QUORUM_TOKEN_SECRET.
declare(strict_types=1);

function base64url(string $raw): string
{
    return rtrim(strtr(base64_encode($raw), '+/', '-_'), '=');
}

/** @param ?int $since when the reader's account was made, in seconds since 1970 */
function mint_token(
    string $reader,
    string $secret,
    string $audience = 'quorum',
    int $seconds = 900,
    ?string $keyId = null,
    ?int $since = null
): string {
    $header = ['alg' => 'HS256', 'typ' => 'JWT'] + ($keyId === null ? [] : ['kid' => $keyId]);
    $claims = ['sub' => $reader, 'aud' => $audience, 'exp' => time() + $seconds] + ($since === null ? [] : ['since' => $since]);
    $signed = base64url(json_encode($header, JSON_THROW_ON_ERROR)) . '.' . base64url(json_encode($claims, JSON_THROW_ON_ERROR));
    return $signed . '.' . base64url(hash_hmac('sha256', $signed, $secret, true));
}

$since = isset($argv[3]) ? (int) $argv[3] : null;
echo mint_token($argv[1], getenv('QUORUM_TOKEN_SECRET'), $argv[2] ?? 'quorum', 900, getenv('KEY_ID') ?: null, $since), "\n";
