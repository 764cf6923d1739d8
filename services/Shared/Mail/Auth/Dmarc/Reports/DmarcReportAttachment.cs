using System.IO.Compression;
using MimeKit;

namespace Merpati.Mail.Auth;

/// <summary>Finds the report in a mail: an attachment in XML, packed with gzip or zip or not at all. It may not become large, however small it is packed.</summary>
public static class DmarcReportAttachment
{
    private const int MaxPacked = 10 * 1024 * 1024;
    private const int MaxXml = 50 * 1024 * 1024;
    private const int MaxFiles = 10;
    private const int MaxParts = 50;

    private enum Packing
    {
        None,
        Gzip,
        Zip,
    }

    /// <returns>Null when the mail has no such attachment.</returns>
    /// <exception cref="InvalidDataException">It has one that is no report; the message says why.</exception>
    public static async ValueTask<DmarcReport?> ReadAsync(MimeMessage message, CancellationToken cancellationToken)
    {
        foreach (var part in message.BodyParts.OfType<MimePart>().Take(MaxParts))
        {
            if (PackingOf(part) is not { } packing || part.Content is null) continue;
            using var octets = new MemoryStream();
            await using (var bounded = new BoundedStream(octets, MaxPacked)) await part.Content.DecodeToAsync(bounded, cancellationToken);
            octets.Position = 0;
            using var xml = await UnpackAsync(octets, packing, cancellationToken);
            return DmarcReportReader.Read(xml);
        }
        return null;
    }

    /// <summary>By the media type, and by the name of the file where that says nothing: reports come as application/octet-stream too.</summary>
    private static Packing? PackingOf(MimePart part)
    {
        var name = part.FileName ?? "";
        if (name.EndsWith(".xml.gz", StringComparison.OrdinalIgnoreCase)) return Packing.Gzip;
        if (name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase)) return Packing.Zip;
        if (name.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)) return Packing.None;
        return part.ContentType.MimeType.ToLowerInvariant() switch
        {
            "application/gzip" or "application/x-gzip" => Packing.Gzip,
            "application/zip" or "application/x-zip-compressed" => Packing.Zip,
            "text/xml" or "application/xml" => Packing.None,
            _ => null,
        };
    }

    private static async ValueTask<MemoryStream> UnpackAsync(MemoryStream packed, Packing packing, CancellationToken cancellationToken)
    {
        switch (packing)
        {
            case Packing.Gzip:
                await using (var gzip = new GZipStream(packed, CompressionMode.Decompress)) return await ReadAsync(gzip, cancellationToken);
            case Packing.Zip:
                await using (var zip = new ZipArchive(packed, ZipArchiveMode.Read))
                {
                    if (zip.Entries.Count > MaxFiles) throw new InvalidDataException($"it has more than {MaxFiles} files");
                    var file = zip.Entries.FirstOrDefault(entry => entry.FullName.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)) ?? throw new InvalidDataException("no XML is in it");
                    await using var content = await file.OpenAsync(cancellationToken);
                    return await ReadAsync(content, cancellationToken);
                }
            default:
                return packed;
        }
    }

    /// <summary>What the archive says of its length does not count.</summary>
    private static async ValueTask<MemoryStream> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var xml = new MemoryStream();
        await using (var bounded = new BoundedStream(xml, MaxXml)) await stream.CopyToAsync(bounded, cancellationToken);
        xml.Position = 0;
        return xml;
    }

    /// <summary>Takes no more than so many octets.</summary>
    private sealed class BoundedStream(MemoryStream destination, int limit) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => destination.Length;

        public override long Position { get => destination.Position; set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (destination.Length + buffer.Length > limit) throw new InvalidDataException($"it is larger than {limit} octets");
            destination.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            Write(buffer.AsSpan(offset, count));
            return Task.CompletedTask;
        }

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
