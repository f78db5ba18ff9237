<?php
/**
 * Plugin Name: Quorum Report
 * Description: A report button under the pictures of posts; what enough readers have reported is left out.
 * Version: 1.0.0
 * Requires at least: 6.0
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * Set in wp-config.php: QUORUM_URL, where readers' browsers reach quorum; QUORUM_SITE_KEY; QUORUM_TOKEN_SECRET.
 * Optional: QUORUM_INTERNAL_URL, where this server reaches it.
 */

declare(strict_types=1);

if (!defined('ABSPATH') || !defined('QUORUM_URL') || !defined('QUORUM_SITE_KEY') || !defined('QUORUM_TOKEN_SECRET')) {
    return;
}

const QUORUM_SCRIPT = 'quorum-report-1.0.0.add8a4ba68ee.js';
const QUORUM_SCRIPT_HASH = 'sha384-IZG2LNZluZWj7i2/lISMhwIPK6WFBZAzApUihHPbSK90SqvDB2yR0rpj6yXsnBvZ';
const QUORUM_TOKEN_SECONDS = 900;
const QUORUM_FRESH_SECONDS = 30; // a picture that is blocked goes within this time
const QUORUM_PATIENCE_SECONDS = 2; // a page waits no longer for quorum
const QUORUM_MOST_IDS = 1000; // in one call

/** The id of a picture: that of its attachment, whatever size is shown. */
function quorum_image_id(int $attachment): string
{
    return 'wp-' . $attachment;
}

/** The script of the button, in the head of every page. */
function quorum_print_script(): void
{
    printf(
        '<script type="module" crossorigin data-auto data-token-url="%s" src="%s" integrity="%s"></script>' . "\n",
        esc_url(admin_url('admin-ajax.php?action=quorum_token')),
        esc_url(rtrim(QUORUM_URL, '/') . '/button/' . QUORUM_SCRIPT),
        esc_attr(QUORUM_SCRIPT_HASH)
    );
}
add_action('wp_head', 'quorum_print_script');

/**
 * Ask about all pictures of a post in one call, before WordPress goes through them one by one.
 *
 * @param mixed $content
 * @return mixed the same
 */
function quorum_ask_for_post($content)
{
    if (preg_match_all('/\bwp-image-(\d+)\b/', (string) $content, $found)) {
        quorum_blocked(array_map('intval', $found[1]));
    }
    return $content;
}
add_filter('the_content', 'quorum_ask_for_post', 5);

/**
 * Leave a blocked picture out; name any other one for the button.
 *
 * @param mixed $image its tag
 * @param mixed $context
 * @param mixed $attachment 0 for a picture that is not in the library: it has no button
 */
function quorum_picture($image, $context, $attachment): string
{
    $attachment = (int) $attachment;
    if ($attachment === 0) {
        return (string) $image;
    }
    if (in_array($attachment, quorum_blocked([$attachment]), true)) {
        return '';
    }
    $name = '<img data-quorum="' . esc_attr(quorum_image_id($attachment)) . '" ';
    return (string) preg_replace('/^<img\s/', $name, (string) $image, 1);
}
add_filter('wp_content_img_tag', 'quorum_picture', 10, 3);

/**
 * Return those of the attachments that are blocked. What was heard counts for QUORUM_FRESH_SECONDS, for all visitors;
 * while quorum cannot be asked, pictures are shown, and it is left alone for as long.
 *
 * @param list<int> $attachments
 * @return list<int>
 */
function quorum_blocked(array $attachments): array
{
    $states = [];
    foreach (array_unique($attachments) as $one) {
        $states[$one] = get_transient('quorum_' . $one);
    }
    $unknown = array_keys(array_filter($states, static fn ($state): bool => $state === false));
    foreach (array_chunk($unknown, QUORUM_MOST_IDS) as $some) {
        foreach (quorum_ask($some) as $one => $state) {
            $states[$one] = $state;
            set_transient('quorum_' . $one, $state, QUORUM_FRESH_SECONDS);
        }
    }
    return array_keys(array_filter($states, static fn ($state): bool => $state === 'blocked'));
}

/**
 * Ask quorum for the states of up to QUORUM_MOST_IDS attachments.
 *
 * @param list<int> $attachments
 * @return array<int, string> by attachment; all `unknown` when there is no answer
 */
function quorum_ask(array $attachments): array
{
    $url = defined('QUORUM_INTERNAL_URL') ? QUORUM_INTERNAL_URL : QUORUM_URL;
    $answer = wp_remote_post(rtrim($url, '/') . '/v1/images/status', [
        'timeout' => QUORUM_PATIENCE_SECONDS,
        'headers' => ['Authorization' => 'Bearer ' . QUORUM_SITE_KEY, 'Content-Type' => 'application/json'],
        'body' => (string) json_encode(['image_ids' => array_map('quorum_image_id', $attachments)]),
    ]);
    $told = [];
    if (!is_wp_error($answer) && wp_remote_retrieve_response_code($answer) === 200) {
        $body = json_decode(wp_remote_retrieve_body($answer), true);
        $told = is_array($body) && is_array($body['images'] ?? null) ? $body['images'] : [];
    }
    $states = array_fill_keys($attachments, 'unknown');
    foreach ($attachments as $place => $one) {
        $state = is_array($told[$place] ?? null) ? ($told[$place]['state'] ?? null) : null;
        $states[$one] = is_string($state) ? $state : 'unknown';
    }
    return $states;
}

/** Answer a signed-in reader's page with their token: JSON, `{"token": "..."}`. */
function quorum_give_token(): void
{
    $user = wp_get_current_user();
    $since = strtotime($user->user_registered . ' UTC');
    $claims = ['sub' => 'wp-' . $user->ID, 'aud' => 'quorum', 'exp' => time() + QUORUM_TOKEN_SECONDS];
    $claims += $since === false ? [] : ['since' => $since];
    $signed = quorum_part(['alg' => 'HS256', 'typ' => 'JWT']) . '.' . quorum_part($claims);
    $signature = hash_hmac('sha256', $signed, QUORUM_TOKEN_SECRET, true);
    nocache_headers();
    wp_send_json(['token' => $signed . '.' . quorum_base64url($signature)]);
}
add_action('wp_ajax_quorum_token', 'quorum_give_token');

/** Tell whoever is not signed in so. */
function quorum_refuse_token(): void
{
    nocache_headers();
    wp_send_json(['error' => 'sign in'], 401);
}
add_action('wp_ajax_nopriv_quorum_token', 'quorum_refuse_token');

/** @param array<string, mixed> $value */
function quorum_part(array $value): string
{
    return quorum_base64url((string) json_encode($value));
}

function quorum_base64url(string $raw): string
{
    return rtrim(strtr(base64_encode($raw), '+/', '-_'), '=');
}
