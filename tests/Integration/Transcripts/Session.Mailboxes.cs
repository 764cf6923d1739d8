using Merpati.TestKit;
using Merpati.Tests.Integration.Transcripts;

namespace Merpati.Tests.Transcripts.Imap;

internal static partial class Session
{
    /// <summary>Delivery's mailboxes on MongoDB, called over gRPC: the transcripts of the protocol, unchanged, over what the cluster is made of.</summary>
    public static readonly MakeMailboxes Mailboxes = (feed, time, directory) => ClusterMailboxes.Of(feed, time, directory);

    /// <summary>Runs of the fuzzer that take a few seconds.</summary>
    public const int FuzzedRuns = 2;
}
