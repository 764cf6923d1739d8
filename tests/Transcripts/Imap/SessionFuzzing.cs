using Merpati.Fuzz.Sessions;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>A short run of the fuzzer of sessions, always the same; <c>dotnet cake --target=Fuzz</c> makes long ones.</summary>
public sealed class SessionFuzzing
{
    private const int Steps = 150;
    private const int Rounds = 4;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Session.FuzzedRuns)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Random_sessions_agree_with_the_model_of_their_mailboxes(int seed)
    {
        var failure = await new SessionFuzz(log => new ImapTestServer(log: log, mailboxes: Session.Mailboxes)).RunAsync(seed, Steps);
        Assert.True(failure is null, failure?.ToString());
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Sessions_at_once_agree_with_each_other_and_with_the_store(int seed)
    {
        var failure = await new ConcurrentFuzz(log => new ImapTestServer(log: log, mailboxes: Session.Mailboxes)).RunAsync(seed, Rounds);
        Assert.True(failure is null, failure?.ToString());
    }
}
