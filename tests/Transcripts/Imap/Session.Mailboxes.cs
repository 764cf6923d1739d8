using Merpati.TestKit;

namespace Merpati.Tests.Transcripts.Imap;

internal static partial class Session
{
    /// <summary>In memory: the protocol alone is tested.</summary>
    private static readonly MakeMailboxes Mailboxes = (feed, time, _) => new InMemoryMailboxes(feed, time);
}
