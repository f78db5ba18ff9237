<?php
// Stands in for WordPress: what the plugin calls, as the reference of WordPress says that it behaves, and one post with
// two pictures. Run by `php -S`. Who is signed in is in the cookie `reader`: the number of a user.
declare(strict_types=1);

define('ABSPATH', __DIR__ . '/');
require __DIR__ . '/wp-config.php';

$hooks = [];
function add_filter(string $name, callable $call, int $priority = 10, int $arguments = 1): void
{
    $GLOBALS['hooks'][$name][$priority][] = [$call, $arguments];
}
function add_action(string $name, callable $call, int $priority = 10, int $arguments = 1): void
{
    add_filter($name, $call, $priority, $arguments);
}
function apply_filters(string $name, ...$values)
{
    $all = $GLOBALS['hooks'][$name] ?? [];
    ksort($all);
    foreach (array_merge(...array_values($all) ?: [[]]) as [$call, $arguments]) {
        $values[0] = $call(...array_slice($values, 0, $arguments));
    }
    return $values[0];
}
function do_action(string $name): void
{
    apply_filters($name, '');
}

final class WP_Error
{
}
function is_wp_error($thing): bool
{
    return $thing instanceof WP_Error;
}
function wp_remote_post(string $url, array $options)
{
    file_put_contents(__DIR__ . '/asked.log', $options['body'] . "\n", FILE_APPEND);
    $lines = array_map(fn ($name) => "$name: {$options['headers'][$name]}", array_keys($options['headers']));
    $context = stream_context_create(['http' => ['method' => 'POST', 'header' => $lines, 'content' => $options['body'],
        'timeout' => $options['timeout'], 'ignore_errors' => true]]);
    $body = @file_get_contents($url, false, $context);
    return $body === false ? new WP_Error() : ['body' => $body, 'status' => (int) explode(' ', $http_response_header[0])[1]];
}
function wp_remote_retrieve_response_code(array $answer): int
{
    return $answer['status'];
}
function wp_remote_retrieve_body(array $answer): string
{
    return $answer['body'];
}

function transient_path(string $name): string
{
    return __DIR__ . '/transient-' . $name;
}
function get_transient(string $name)
{
    $kept = @file_get_contents(transient_path($name));
    [$ends, $value] = $kept === false ? [0, false] : json_decode($kept, true);
    return $ends > microtime(true) ? $value : false;
}
function set_transient(string $name, $value, int $seconds): bool
{
    return (bool) file_put_contents(transient_path($name), json_encode([microtime(true) + $seconds, $value]));
}

function wp_get_current_user(): object
{
    return (object) ['ID' => (int) ($_COOKIE['reader'] ?? 0), 'user_registered' => '2020-01-31 12:00:00'];
}
function admin_url(string $path): string
{
    return "http://{$_SERVER['HTTP_HOST']}/wp-admin/$path";
}
function esc_url(string $url): string
{
    return htmlspecialchars($url);
}
function esc_attr(string $text): string
{
    return htmlspecialchars($text);
}
function nocache_headers(): void
{
    header('Cache-Control: no-cache, must-revalidate, max-age=0, no-store, private');
}
function wp_send_json($value, int $status = 200): void
{
    http_response_code($status);
    header('Content-Type: application/json; charset=UTF-8');
    echo json_encode($value);
    exit;
}

require __DIR__ . '/plugin/quorum-report.php';

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/wp-admin/admin-ajax.php') {
    do_action((wp_get_current_user()->ID ? 'wp_ajax_' : 'wp_ajax_nopriv_') . $_GET['action']);
    echo '0';
    exit;
}
if ($path !== '/') {
    http_response_code(404);
    exit;
}
$post = '<p>News</p><img class="wp-image-7 size-large" src="/boats.svg" alt="Two boats">'
    . '<img src="/quay.svg" alt="The quay" class="wp-image-8"><img src="/elsewhere.svg" alt="No attachment">';
// WordPress goes through the pictures of a post in a filter of its own (`wp_filter_content_tags`).
add_filter('the_content', static fn ($text) => preg_replace_callback('/<img [^>]*>/', static function (array $found) {
    preg_match('/\bwp-image-(\d+)\b/', $found[0], $number);
    return apply_filters('wp_content_img_tag', $found[0], 'the_content', (int) ($number[1] ?? 0));
}, $text), 12);
?>
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>A blog</title><?php do_action('wp_head') ?></head>
<body><?= apply_filters('the_content', $post) ?></body>
</html>
