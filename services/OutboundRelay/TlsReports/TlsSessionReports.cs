using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Sending;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;

namespace Merpati.OutboundRelay.TlsReports;

/// <summary>Counts what became of each session for the domain's report (RFC 8460 §4).</summary>
internal sealed class TlsSessionReports(TlsReportCollector collector)
{
    /// <summary>A host that the policy does not let us connect to.</summary>
    public void Skipped(string domain, MailHost host, TlsDecision.Skip skip)
    {
        if (skip.Failure is { } failure) collector.Failure(domain, skip.Report, new TlsSessionFailure(failure.Type, host.Name, Detail: failure.Detail));
    }

    /// <summary>One session, or what prevented it. Where nobody answers there is no session to count.</summary>
    public void Dialed(string domain, MailHost host, DialTarget target, TlsDecision.Connect decision, DialOutcome outcome)
    {
        var failures = decision.KnownFailures.Select(known => Failure(known.Type, known.Detail)).ToList();
        switch (outcome)
        {
            case DialOutcome.Connected connected:
                if (connected.TlsFault is { } clear) failures.Add(Failure(clear.Type, clear.Detail));
                if (connected.Session.Tls?.Tested is { } tested) failures.Add(Failure(tested.Type, tested.Detail));
                break;
            case DialOutcome.NotOpened { Outcome: OpenOutcome.TlsFailed failed }:
                failures.Add(Failure(failed.Fault.Type, failed.Fault.Detail));
                break;
            default:
                return;
        }
        if (failures.Count == 0)
        {
            collector.Success(domain, decision.Report);
            return;
        }
        collector.Failure(domain, decision.Report, failures[0]);
        foreach (var more in failures.Skip(1)) collector.Detail(domain, decision.Report, more);

        TlsSessionFailure Failure(TlsFailure type, string detail)
            => new(type, host.Name, ReceivingIp: target.EndPoint.Address, SendingIp: (outcome as DialOutcome.Connected)?.Connection.Transport.LocalEndPoint.Address, Detail: detail);
    }
}
