using System.Net;
using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Merpati.Protocols.Smtp;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress.Checks;

/// <summary>Where the checks of a message begin.</summary>
internal sealed class MessageChecks
{
    private static readonly IPNetwork[] Loopback = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    private readonly SmtpIngressOptions _options;
    private readonly IPNetwork[] _exempt;

    public MessageChecks(IMailDns dns, IOptions<SmtpIngressOptions> options, IngressMetrics metrics, TimeProvider time)
    {
        (Dns, _options, Metrics, Time) = (dns, options.Value, metrics, time);
        _exempt = Options.ExemptNetworks.Count == 0 ? Loopback : [.. Options.ExemptNetworks.Select(IPNetwork.Parse)];
        Spf = new SpfVerifier(dns, _options.HostName, time);
        Dmarc = new DmarcVerifier(dns, DmarcOptions.OrganizationalDomain);
        Lists = [.. Options.DnsLists.Select(list => list.ToList())];
        Policy = DkimPolicy.Standard with { MaxSignatures = Options.MaxSignatures, AcceptPartialBody = Options.AcceptPartialBody };
    }

    public IMailDns Dns { get; }

    public CheckOptions Options => _options.Checks;

    public DmarcOptions DmarcOptions => _options.Dmarc;

    public int MaxHeaderSize => _options.MaxHeaderSize;

    public SpfVerifier Spf { get; }

    public DmarcVerifier Dmarc { get; }

    public IReadOnlyList<DnsList> Lists { get; }

    /// <summary>Not one of the lists answered in time.</summary>
    public DnsListsResult Unanswered => field ??= new DnsListsResult([], [.. Lists.Select(list => list.Zone)]);

    public DkimPolicy Policy { get; }

    public IngressMetrics Metrics { get; }

    public TimeProvider Time { get; }

    /// <summary>Whose mail is not checked.</summary>
    public bool IsExempt(IPAddress client) => Array.Exists(_exempt, network => network.Contains(client));

    /// <summary>SPF alone, within the budget.</summary>
    public async ValueTask<SpfResult> CheckSpfAsync(IPAddress client, string sender, string hello, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(Options.Budget, Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try { return await Spf.CheckMailFromAsync(client, sender, hello, stop.Token); }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested) { return new SpfResult(AuthResult.TempError, sender, null, null, "no answer in time"); }
    }

    /// <summary>Null when the message is not to be checked: it comes from a user of ours, or from a network that is exempt.</summary>
    public MessageCheck? Begin(SmtpRole role, SmtpPeer peer, Envelope envelope)
    {
        var client = AddressScope.Unmapped(peer.RemoteEndPoint.Address);
        return role == SmtpRole.Mx && Options.Enabled && !IsExempt(client) ? new MessageCheck(this, client, peer.Hello, envelope.ReversePath.Address) : null;
    }
}
