"""What each role may beyond the ones before it."""

from console.words.translating import later
from quorum.accounts.roles import Role

MAY = {
    Role.VIEWER: later("looks at images, statistics and the policy"),
    Role.MODERATOR: later("decides about images, and reads what was decided"),
    Role.LEAD: later("tries out policies, raises the shields, exports what was decided"),
    Role.ADMIN: later("looks after accounts, API keys and webhooks"),
}
