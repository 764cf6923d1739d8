using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>RFC 9208: quotas.</summary>
public sealed class QuotaTranscripts
{
    [Fact]
    public async Task An_account_with_a_limit_has_a_quota_root()
    {
        var server = await Session.ServerAsync(messages: 2, quotaOctets: 10 * 1024);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 GETQUOTAROOT INBOX
            S: * QUOTAROOT INBOX "User quota"
            S: * QUOTA "User quota" (STORAGE 1 10)
            S: 1 OK GETQUOTAROOT completed
            C: 2 GETQUOTA "User quota"
            S: * QUOTA "User quota" (STORAGE 1 10)
            S: 2 OK GETQUOTA completed
            C: 3 GETQUOTA ""
            S: 3 NO [NONEXISTENT] There is no such quota root
            C: 4 GETQUOTAROOT nothing
            S: 4 NO [NONEXISTENT] No such mailbox
            C: 5 SETQUOTA "User quota" (STORAGE 9999999)
            S: 5 NO [NOPERM] Quotas are set by the administrator
            C: 6 SETQUOTA "User quota" STORAGE
            S: 6 BAD Expected '('
            C: 7 GETQUOTA
            S: 7 BAD Expected a space and an argument
            """);
    }

    [Fact]
    public async Task An_account_without_a_limit_has_none()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 GETQUOTAROOT INBOX
            S: * QUOTAROOT INBOX
            S: 1 OK GETQUOTAROOT completed
            C: 2 GETQUOTA "User quota"
            S: 2 NO [NONEXISTENT] There is no such quota root
            """);
    }
}
