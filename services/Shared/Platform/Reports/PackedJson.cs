using System.IO.Compression;
using System.Text.Json;
using MimeKit.IO;

namespace Merpati.Platform.Reports;

/// <summary>What is kept of reports as the value of a shared record: JSON, packed with gzip, as it says the same things over and over.</summary>
internal static class PackedJson
{
    public static ReadOnlyMemory<byte> Write<T>(T value)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) JsonSerializer.Serialize(gzip, value);
        return packed.ToArray();
    }

    /// <returns>False when it is more than that, as JSON or packed.</returns>
    public static bool TryWrite<T>(T value, long maxJson, long maxPacked, out ReadOnlyMemory<byte> packed)
    {
        using var measure = new MeasuringStream();
        JsonSerializer.Serialize(measure, value);
        packed = measure.Length <= maxJson ? Write(value) : default;
        return measure.Length <= maxJson && packed.Length <= maxPacked;
    }

    public static T? Read<T>(ReadOnlyMemory<byte> packed)
    {
        using var gzip = new GZipStream(new MemoryStream(packed.ToArray(), writable: false), CompressionMode.Decompress);
        return JsonSerializer.Deserialize<T>(gzip);
    }
}
