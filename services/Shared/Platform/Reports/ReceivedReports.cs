using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Merpati.Storage;

namespace Merpati.Platform.Reports;

/// <summary>A report that came in.</summary>
/// <typeparam name="T">Itself.</typeparam>
public interface IReceivedReport<out T>
{
    DateTimeOffset ReceivedAt { get; }

    /// <summary>The domain that it is about, as <see cref="SharedDmarcDays.NameOf"/> has it.</summary>
    string About { get; }

    /// <summary>Whoever sends one with the same again means the same report.</summary>
    string Identity { get; }

    /// <summary>With half of its details; null when it has none that could be left out.</summary>
    T? Shorter();
}

/// <summary>
/// Reports of others about domains of ours, in the store for a time. Whoever sends a report again replaces it. Strangers write them, and shared records are for small things: each has an end,
/// and all about a domain and day together.
/// </summary>
public abstract class ReceivedReports<T>(string kind, ISharedRecords records, ReportOptions options, TimeProvider time) where T : class, IReceivedReport<T>
{
    /// <summary>Of one report, packed; of a larger one the details that count least are left out.</summary>
    internal const int MaxPacked = 256 * 1024;

    /// <summary>The same as JSON: so much memory it takes to read it.</summary>
    internal const int MaxJson = 4 * 1024 * 1024;

    /// <summary>Of all about a domain on a day.</summary>
    internal const long MaxDay = 16 * 1024 * 1024;

    private const int Page = 50;

    private string CountKind => kind + "-count";

    /// <returns>False when the domain has had as many today as may be.</returns>
    public async ValueTask<bool> KeepAsync(T received, CancellationToken cancellationToken)
    {
        var day = $"{Day(received.ReceivedAt)} {received.About}";
        ReadOnlyMemory<byte> packed;
        while (!PackedJson.TryWrite(received, MaxJson, MaxPacked, out packed))
        {
            if (received.Shorter() is not { } shorter) return false;
            received = shorter;
        }
        if (!await MakeRoomAsync(day, packed.Length, cancellationToken)) return false;
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(received.Identity)))[..16];
        await records.PutAsync([new SharedRecord(kind, $"{day} {id}", packed, received.ReceivedAt + options.Keep)], cancellationToken);
        return true;
    }

    /// <summary>Those that came since then, the oldest first.</summary>
    /// <param name="domain">What they are about; null for all.</param>
    public async IAsyncEnumerable<T> ReadAsync(DateTimeOffset since, string? domain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = Day(since);
        while (await records.ListAsync(kind, after, Page, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var record in page.Where(record => domain is null || record.Key.Split(' ') is [_, var of, _] && of == domain))
            {
                if (PackedJson.Read<T>(record.Value) is { } received && received.ReceivedAt >= since) yield return received;
            }
            after = page[^1].Key;
        }
    }

    private ValueTask<bool> MakeRoomAsync(string day, int octets, CancellationToken cancellationToken) => records.ChangeAsync(CountKind, day, there =>
    {
        var (count, sum) = there is null ? (0, 0) : (BitConverter.ToInt32(there.Value.Span), there.Value.Length >= 12 ? BitConverter.ToInt64(there.Value.Span[4..]) : 0);
        return count >= options.MaxReceived || sum + octets > MaxDay ? null : new SharedRecord(CountKind, day, (byte[])[.. BitConverter.GetBytes(count + 1), .. BitConverter.GetBytes(sum + octets)], time.GetUtcNow() + TimeSpan.FromDays(2));
    }, cancellationToken);

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
