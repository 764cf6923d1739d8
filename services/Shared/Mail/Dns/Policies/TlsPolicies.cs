using Merpati.Relaying;

namespace Merpati.Mail.Dns;

/// <summary>
/// Decides how the connection to a host has to be protected. In this order:
/// <list type="number">
/// <item>what the administrator says for the domain;</item>
/// <item>DANE of the host (RFC 7672), which counts before</item>
/// <item>MTA-STS of the domain (RFC 8461 §2);</item>
/// <item>else TLS where it is offered.</item>
/// </list>
/// A message with REQUIRETLS (RFC 8689) goes only where one of these, or a certificate for a host whose name is sure, proves who is at the other end.
/// </summary>
public sealed class TlsPolicies(DaneLookup dane, MtaStsPolicies mtaSts, TlsPolicyOverrides overrides)
{
    private static readonly TlsPolicy MayEncrypt = new TlsPolicy.Opportunistic();

    /// <param name="host">One of <paramref name="destination"/>.</param>
    /// <param name="port">Where it is reached; 25 but for overrides of routing.</param>
    /// <param name="requireTls">The sender of the message asks for RFC 8689.</param>
    public async ValueTask<TlsDecision> DecideAsync(Destination.Hosts destination, MailHost host, int port, bool requireTls, CancellationToken cancellationToken)
    {
        var decision = overrides.TryFind(destination.Domain, out var told)
            ? await ToldAsync(told, destination, host, port, cancellationToken)
            : await FoundAsync(destination, host, port, cancellationToken);
        return requireTls && decision is TlsDecision.Connect connect ? Require(connect, destination, host) : decision;
    }

    /// <summary>The same for a host that an administrator routes mail to: what the destination publishes is about its own hosts, and does not count.</summary>
    public async ValueTask<TlsDecision> DecideRoutedAsync(TlsPolicyOverride told, Destination.Hosts destination, MailHost host, int port, bool requireTls, CancellationToken cancellationToken)
    {
        var decision = await ToldAsync(told, destination, host, port, cancellationToken);
        return requireTls && decision is TlsDecision.Connect connect ? Require(connect, destination, host) : decision;
    }

    private async ValueTask<TlsDecision> FoundAsync(Destination.Hosts destination, MailHost host, int port, CancellationToken cancellationToken)
        => OfDane(await dane.FindAsync(destination, host, port, cancellationToken), destination, host)
           ?? OfSts(await mtaSts.FindAsync(destination.Domain, cancellationToken), destination, host);

    private async ValueTask<TlsDecision> ToldAsync(TlsPolicyOverride told, Destination.Hosts destination, MailHost host, int port, CancellationToken cancellationToken)
    {
        var report = ReportedPolicy.Nothing(destination.Domain);
        TlsPolicy policy;
        switch (told.Level)
        {
            case TlsPolicyLevel.None:
                policy = new TlsPolicy.None();
                break;
            case TlsPolicyLevel.May:
                policy = MayEncrypt;
                break;
            case TlsPolicyLevel.Encrypt:
                policy = new TlsPolicy.Encrypt();
                break;
            case TlsPolicyLevel.Verify:
                policy = new TlsPolicy.Verified(told.Names.Count > 0 ? told.Names : [host.Name]);
                break;
            default:
                var found = await dane.FindAsync(destination, host, port, cancellationToken);
                if (found is DaneResult.Records or DaneResult.Failed) return OfDane(found, destination, host)!;
                var reason = $"There is no DANE for {host.Name}, and mail for {destination.Domain} goes nowhere without";
                return new TlsDecision.Skip(Permanent: false, "4.7.5", reason, TlsPolicySource.Override, report, new PolicyFailure(TlsFailure.DaneRequired, reason));
        }
        return new TlsDecision.Connect(policy, TlsPolicySource.Override, RequireTls: false, Tested: null, report, []);
    }

    /// <summary>Null where DANE has nothing to say.</summary>
    private static TlsDecision? OfDane(DaneResult result, Destination.Hosts destination, MailHost host)
    {
        switch (result)
        {
            case DaneResult.Records records:
                return new TlsDecision.Connect(records.Policy, TlsPolicySource.Dane, RequireTls: false, Tested: null, Reported(records.Policy.Names[0], records.All), []);
            case DaneResult.Unusable unusable:
                return new TlsDecision.Connect(new TlsPolicy.Encrypt(), TlsPolicySource.Dane, RequireTls: false, Tested: null, Reported(host.Name, unusable.All), [new PolicyFailure(TlsFailure.TlsaInvalid, $"no TLSA record of {host.Name} is usable")]);
            case DaneResult.Failed failed:
                return new TlsDecision.Skip(Permanent: false, "4.7.5", failed.Reason, TlsPolicySource.Dane, new ReportedPolicy(ReportedPolicyType.Tlsa, host.Name, [], []), new PolicyFailure(TlsFailure.DnssecInvalid, failed.Reason));
            default:
                return null;
        }

        static ReportedPolicy Reported(string tlsaBase, IReadOnlyList<TlsaRecord> records) => new(ReportedPolicyType.Tlsa, tlsaBase, [.. records.Select(record => record.ToString())], []);
    }

    private static TlsDecision OfSts(MtaStsLookup lookup, Destination.Hosts destination, MailHost host)
    {
        IReadOnlyList<PolicyFailure> known = lookup.Failure is { } failed ? [new PolicyFailure(failed.Failure, failed.Reason)] : [];
        if (lookup.Policy is not { Mode: not MtaStsMode.None } policy)
        {
            // A policy that cannot be had is no reason to keep the mail (RFC 8461 §3.3), but one to tell the domain.
            var none = known.Count == 0 ? ReportedPolicy.Nothing(destination.Domain) : new ReportedPolicy(ReportedPolicyType.Sts, destination.Domain, [], []);
            return new TlsDecision.Connect(MayEncrypt, TlsPolicySource.Default, RequireTls: false, Tested: null, none, known);
        }

        var report = new ReportedPolicy(ReportedPolicyType.Sts, destination.Domain, policy.Lines, policy.Mx);
        var verified = new TlsPolicy.Verified([host.Name]);
        if (policy.Matches(host.Name))
        {
            return policy.Mode == MtaStsMode.Enforce
                ? new TlsDecision.Connect(verified, TlsPolicySource.Sts, RequireTls: false, Tested: null, report, known)
                : new TlsDecision.Connect(MayEncrypt, TlsPolicySource.Default, RequireTls: false, Tested: verified, report, known);
        }

        var stranger = new PolicyFailure(TlsFailure.ValidationFailure, $"The MTA-STS policy of {destination.Domain} does not name {host.Name}");
        return policy.Mode == MtaStsMode.Enforce
            ? new TlsDecision.Skip(Permanent: false, "4.7.5", stranger.Detail, TlsPolicySource.Sts, report, stranger)
            : new TlsDecision.Connect(MayEncrypt, TlsPolicySource.Default, RequireTls: false, Tested: verified, report, [.. known, stranger]);
    }

    /// <summary>RFC 8689 §4.2.1: the certificate is checked, and the name that it is checked against comes from a DNSSEC-signed MX record or out of an MTA-STS policy.</summary>
    private static TlsDecision Require(TlsDecision.Connect decision, Destination.Hosts destination, MailHost host)
    {
        if (decision.Policy is TlsPolicy.Dane or TlsPolicy.Verified) return decision with { RequireTls = true };
        var nameIsSure = destination.MxSecure && !host.IsAddressLiteral || decision is { Tested: TlsPolicy.Verified, KnownFailures: [] };
        if (nameIsSure && decision.Policy is not TlsPolicy.None)
            return decision with { Policy = new TlsPolicy.Verified([host.Name]), Source = TlsPolicySource.RequireTls, RequireTls = true };
        return new TlsDecision.Skip(Permanent: true, "5.7.30", $"The sender requires TLS to a host that is known for sure, and neither DNSSEC nor MTA-STS tells that {host.Name} takes mail for {destination.Domain}", TlsPolicySource.RequireTls, decision.Report, Failure: null);
    }
}
