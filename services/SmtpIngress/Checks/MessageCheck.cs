using System.Net;
using Merpati.Addresses;
using Merpati.Mail.Auth;

namespace Merpati.SmtpIngress.Checks;

/// <summary>
/// The checks of one message, side by side and within one budget:
/// <list type="number">
/// <item>what only needs the client and the envelope (iprev, SPF, DNS lists) starts before the body comes;</item>
/// <item>the body is hashed as it streams by;</item>
/// <item>DKIM and ARC look up their keys when the body is there;</item>
/// <item>DMARC judges by what SPF and DKIM found.</item>
/// </list>
/// Nothing of it is an exception: what the budget cuts off is a temporary error.
/// </summary>
internal sealed class MessageCheck : IDisposable
{
    private readonly MessageChecks _checks;
    private readonly IPAddress _client;
    private readonly string _hello;
    private readonly string _sender;
    private readonly ReceivedMessage _message;
    private readonly CancellationTokenSource _budget;
    private readonly long _startedAt;
    private readonly Task<DnsListsResult> _clientLists;
    private readonly Task<IprevResult> _iprev;
    private readonly Task<SpfResult> _helloSpf;
    private readonly Task<SpfResult> _spf;

    public MessageCheck(MessageChecks checks, IPAddress client, string hello, EmailAddress? sender)
    {
        (_checks, _client, _hello, _sender) = (checks, client, hello, sender is null ? "" : $"{sender.LocalPart}@{sender.Domain}");
        _message = new ReceivedMessage(checks.MaxHeaderSize, checks.Policy.MaxSignatures);
        _budget = new CancellationTokenSource();
        _startedAt = checks.Time.GetTimestamp();
        // 1. The client and the envelope. The body may take its time; the budget begins when it is there.
        _clientLists = WithinAsync(token => DnsListLookup.OfClientAsync(client, checks.Lists, checks.Dns, token), checks.Unanswered);
        _iprev = WithinAsync(token => IprevVerifier.VerifyAsync(client, checks.Dns, token), new IprevResult(AuthResult.TempError, null, OutOfTime));
        _helloSpf = WithinAsync(token => checks.Spf.CheckHelloAsync(client, hello, token), new SpfResult(AuthResult.TempError, hello, null, null, OutOfTime));
        _spf = sender is null ? _helloSpf : WithinAsync(token => checks.Spf.CheckMailFromAsync(client, _sender, hello, token), new SpfResult(AuthResult.TempError, sender.Domain, null, null, OutOfTime));
    }

    private static string OutOfTime => "no answer in time";

    // 2. The body.
    public void Write(ReadOnlySpan<byte> octets) => _message.Write(octets);

    /// <summary>The message ended.</summary>
    public async ValueTask<MessageVerdict> CompleteAsync(CancellationToken cancellationToken)
    {
        _message.Complete();
        using var timer = new CancellationTokenSource(_checks.Options.Budget, _checks.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        await using var registration = stop.Token.Register(_budget.Cancel);
        var now = _checks.Time.GetUtcNow();

        // 3. The signatures.
        var dkim = WithinAsync(async token => await DkimVerifier.VerifyAsync(_message, _checks.Dns, _checks.Policy, now, token), null);
        var arc = WithinAsync(token => ArcVerifier.VerifyAsync(_message, _checks.Dns, _checks.Policy, now, token), new ArcResult(AuthResult.TempError, OutOfTime, 0, []));
        var spf = await _spf;
        var domains = WithinAsync(token => DnsListLookup.OfDomainsAsync([.. _message.AuthorDomains, _sender[(_sender.LastIndexOf('@') + 1)..], _hello], _checks.Lists, _checks.Dns, token), _checks.Unanswered);
        var signatures = await dkim ?? DkimVerifier.Unknown(_message, OutOfTime);

        // 4. The author.
        var author = _message.AuthorDomains.Count > 0 ? _message.AuthorDomains[0] : "";
        var dmarc = await WithinAsync(token => _checks.Dmarc.VerifyAsync(_message.AuthorDomains, spf, signatures, token), new DmarcResult(AuthResult.TempError, author, DmarcPolicy.None, 100, null, [], OutOfTime));
        cancellationToken.ThrowIfCancellationRequested();
        var verdict = new MessageVerdict(_client, _sender, _hello, await _iprev, await _helloSpf, spf, signatures, dmarc, await arc) { Lists = await JoinAsync(_clientLists, domains) };
        _checks.Metrics.CountChecks(verdict, _checks.Time.GetElapsedTime(_startedAt));
        return verdict;
    }

    public void Dispose()
    {
        _budget.Cancel();
        _message.Dispose();
    }

    private static async ValueTask<DnsListsResult> JoinAsync(Task<DnsListsResult> client, Task<DnsListsResult> domains)
    {
        var (one, other) = (await client, await domains);
        return new DnsListsResult([.. one.Listings, .. other.Listings], [.. one.Unanswered.Union(other.Unanswered)]);
    }

    private async Task<T> WithinAsync<T>(Func<CancellationToken, ValueTask<T>> check, T outOfTime)
    {
        try { return await check(_budget.Token); }
        catch (OperationCanceledException) when (_budget.IsCancellationRequested) { return outOfTime; }
    }
}
