<?php
// Receive webhooks: php -S 127.0.0.1:PORT receive_webhook.php. The secret that quorum showed is in WEBHOOK_SECRET.
declare(strict_types=1);

require __DIR__ . '/vendor/autoload.php';

use QuorumBlocks\Event;
use QuorumBlocks\InvalidWebhook;
use QuorumBlocks\Webhook;

try {
    $body = (string) file_get_contents('php://input', length: 2 ** 20); // as it came
    $event = Webhook::verify((string) getenv('WEBHOOK_SECRET'), $_SERVER, $body);
    if ($event->type === Event::BLOCKED) {
        error_log("purge $event->subject"); // remember $event->id: it may come again
    }
    http_response_code(204);
} catch (InvalidWebhook) {
    http_response_code(401);
}
