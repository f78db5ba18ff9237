<?php
// For who does not use Composer: require this file.
declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'QuorumBlocks\\')) {
        $path = __DIR__ . '/src/' . strtr(substr($class, strlen('QuorumBlocks\\')), '\\', '/') . '.php';
        if (is_file($path)) {
            require $path;
        }
    }
});
