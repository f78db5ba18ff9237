<?php
// Mint a reporter token: php mint_token.php READER [AUDIENCE]. The secret is in QUORUM_TOKEN_SECRET.
declare(strict_types=1);

function base64url(string $raw): string
{
    return rtrim(strtr(base64_encode($raw), '+/', '-_'), '=');
}

function mint_token(string $reader, string $secret, string $audience = 'quorum', int $seconds = 900, ?string $keyId = null): string
{
    $header = ['alg' => 'HS256', 'typ' => 'JWT'] + ($keyId === null ? [] : ['kid' => $keyId]);
    $claims = ['sub' => $reader, 'aud' => $audience, 'exp' => time() + $seconds];
    $signed = base64url(json_encode($header, JSON_THROW_ON_ERROR)) . '.' . base64url(json_encode($claims, JSON_THROW_ON_ERROR));
    return $signed . '.' . base64url(hash_hmac('sha256', $signed, $secret, true));
}

echo mint_token($argv[1], getenv('QUORUM_TOKEN_SECRET'), $argv[2] ?? 'quorum', 900, getenv('KEY_ID') ?: null), "\n";
