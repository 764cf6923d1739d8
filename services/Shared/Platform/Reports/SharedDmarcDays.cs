using System.IO.Compression;
using System.Text.Json;
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
        => DomainName.ToAscii(policyDomain) is { } name && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_') && collector.Count(name, record, row);

    public async ValueTask SaveAsync(CancellationToken cancellationToken)
    {
        var today = daily.Today;
        var changed = collector.TakeChanged();
        try { await daily.PutAsync(changed.Select(one => (one.Day, one.Domain, Pack(one))), cancellationToken); }
        catch
        {
            collector.GiveBack(changed);
            throw;
        }
        collector.ForgetBefore(today);
    }

    /// <summary>What all of them counted for a domain, as one.</summary>
    public static DmarcDay Together(IReadOnlyList<ReadOnlyMemory<byte>> counted) => DmarcDay.Together([.. counted.Select(Unpack)]);

    private static ReadOnlyMemory<byte> Pack(DmarcDay day)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) JsonSerializer.Serialize(gzip, day);
        return packed.ToArray();
    }

    private static DmarcDay Unpack(ReadOnlyMemory<byte> value)
    {
        using var gzip = new GZipStream(new MemoryStream(value.ToArray(), writable: false), CompressionMode.Decompress);
        return JsonSerializer.Deserialize<DmarcDay>(gzip)!;
    }
}
