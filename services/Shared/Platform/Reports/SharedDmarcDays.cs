using Merpati.Addresses;
using Merpati.Mail.Auth;
using Merpati.Platform.Sharing;

namespace Merpati.Platform.Reports;

/// <summary>What the processes counted for DMARC reports (RFC 7489 §7.2), in the store.</summary>
public sealed class SharedDmarcDays(DmarcReportCollector collector, DailyRecords daily) : IDailyCounts
{
    public const string Kind = "dmarc";

    /// <summary>Counts one message.</summary>
    /// <param name="policyDomain">In any form.</param>
    /// <returns>False when there is no room for it.</returns>
    public bool Count(string policyDomain, DmarcRecord record, DmarcRow row)
        => NameOf(policyDomain) is { } name && collector.Count(name, record, row);

    /// <summary>A policy domain as keys have it; null when it is no name of DNS.</summary>
    /// <param name="policyDomain">In any form.</param>
    public static string? NameOf(string policyDomain)
        => DomainName.ToAscii(policyDomain) is { Length: > 0 } name && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_') ? name : null;

    public async ValueTask SaveAsync(CancellationToken cancellationToken)
    {
        var today = daily.Today;
        var changed = collector.TakeChanged();
        try { await daily.PutAsync(changed.Select(one => (one.Day, one.Domain, PackedJson.Write(one))), cancellationToken); }
        catch
        {
            collector.GiveBack(changed);
            throw;
        }
        collector.ForgetBefore(today);
    }

    /// <summary>What all of them counted for a domain, as one.</summary>
    public static DmarcDay Together(IReadOnlyList<ReadOnlyMemory<byte>> counted) => DmarcDay.Together([.. counted.Select(one => PackedJson.Read<DmarcDay>(one)!)]);
}
