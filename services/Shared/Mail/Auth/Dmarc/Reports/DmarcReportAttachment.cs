using System.IO.Compression;
using Merpati.Streams;
using MimeKit;

namespace Merpati.Mail.Auth;

/// <summary>Finds the report in a mail: an attachment in XML, packed with gzip or zip or not at all. It is unpacked as it is read, and no further than a report can go.</summary>
public static class DmarcReportAttachment
{
    private const int MaxXml = 20 * 1024 * 1024;
    private const int MaxFiles = 10;
    private const int MaxParts = 50;

    private enum Packing
    {
        None,
        Gzip,
        Zip,
    }

    /// <param name="message">Its length is bounded by the caller.</param>
    /// <returns>Null when the mail has no such attachment.</returns>
    /// <exception cref="InvalidDataException">It has one that is no report; the message says why.</exception>
    public static async ValueTask<DmarcReport?> ReadAsync(MimeMessage message, CancellationToken cancellationToken)
    {
        foreach (var part in message.BodyParts.OfType<MimePart>().Take(MaxParts))
        {
            if (PackingOf(part) is not { } packing || part.Content is null) continue;
            using var octets = new MemoryStream();
            await part.Content.DecodeToAsync(octets, cancellationToken);
            octets.Position = 0;
            await using var xml = await UnpackAsync(octets, packing, cancellationToken);
            return DmarcReportReader.Read(xml);
        }
        return null;
    }

    /// <summary>By the name of the file, as reports come as application/octet-stream too; else by the media type.</summary>
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

    private static async ValueTask<Stream> UnpackAsync(MemoryStream packed, Packing packing, CancellationToken cancellationToken)
    {
        switch (packing)
        {
            case Packing.Gzip:
                return new BoundedStream(new GZipStream(packed, CompressionMode.Decompress), MaxXml);
            case Packing.Zip:
                var zip = await ZipArchive.CreateAsync(packed, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellationToken);
                if (zip.Entries.Count > MaxFiles) throw new InvalidDataException($"it has more than {MaxFiles} files");
                var file = zip.Entries.FirstOrDefault(entry => entry.FullName.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)) ?? throw new InvalidDataException("no XML is in it");
                return new BoundedStream(await file.OpenAsync(cancellationToken), MaxXml);
            default:
                return packed;
        }
    }

    /// <summary>Gives no more than so many octets, whatever the archive says of its length.</summary>
    private sealed class BoundedStream(Stream source, int limit) : ForwardStream
    {
        private long _read;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Count(await source.ReadAsync(buffer, cancellationToken));

        /// <summary>XML is parsed synchronously; all that is unpacked is in memory.</summary>
        public override int Read(Span<byte> buffer) => Count(source.Read(buffer));

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        protected override void Dispose(bool disposing)
        {
            if (disposing) source.Dispose();
            base.Dispose(disposing);
        }

        private int Count(int read)
        {
            _read += read;
            return _read <= limit ? read : throw new InvalidDataException($"it is larger than {limit} octets");
        }
    }
}
