using Merpati.TestKit;

namespace Merpati.Tests.Transcripts.Imap;

internal static partial class Session
{
    /// <summary>In memory: the protocol alone is tested.</summary>
    public static readonly MakeMailboxes Mailboxes = (feed, time, _) => new InMemoryMailboxes(feed, time);

    /// <summary>Runs of the fuzzer that take a few seconds.</summary>
    public const int FuzzedRuns = 20;
}
