<?php
// What the client does. Needs QUORUM_URL and QUORUM_SITE_KEY.
declare(strict_types=1);

require __DIR__ . '/vendor/autoload.php'; // or autoload.php of this client

use QuorumBlocks\Blocklist;
use QuorumBlocks\Client;
use QuorumBlocks\Event;

$client = new Client((string) getenv('QUORUM_URL'), (string) getenv('QUORUM_SITE_KEY'));

// A site's backend reports for its reader, and tells them so in their language.
echo $client->report('img-1', 'violence', 'reader-1', language: 'fr'), "\n";

// One image, or a thousand.
echo $client->status('img-1')['state'], ' ', count($client->statuses(['img-1', 'img-2'])), "\n";

// The whole blocklist in a file: one process runs `run()` (or `sync()` now and then), pages only ask `has`.
$blocklist = new Blocklist($client, 'blocklist.json');
$blocklist->sync();
echo json_encode($blocklist->has('img-1')), "\n";

// Every decision from where you stopped; `$client->stream` reads the same from the stream.
foreach ($client->follow(null, [Event::BLOCKED]) as $event) {
    echo "$event->type $event->subject\n";
    $myCursor = $event->cursor; // keep it, after the work
    break;
}
