using Merpati.TestKit;
using Merpati.Tests.Contracts.Transcripts;

namespace Merpati.Tests.Transcripts.Imap;

internal static partial class Session
{
    /// <summary>Delivery's mailboxes on SQLite: the transcripts of the protocol, unchanged, over what Standalone is made of.</summary>
    public static readonly MakeMailboxes Mailboxes = StandaloneMailboxes.Of;

    /// <summary>Runs of the fuzzer that take a few seconds.</summary>
    public const int FuzzedRuns = 6;
}
