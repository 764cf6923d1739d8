using System.IO.Compression;
using Merpati.Mail.Dns;
using Merpati.Streams;
using MimeKit;

namespace Merpati.Mail.Auth;

/// <summary>A report that was attached to a mail.</summary>
public abstract record ReportAttachment
{
    private const int MaxUnpacked = 20 * 1024 * 1024;
    private const int MaxFiles = 10;
    private const int MaxParts = 50;

    private ReportAttachment()
    {
    }

    private enum Packing
    {
        None,
        Gzip,
        Zip,
    }

    public sealed record Dmarc(DmarcReport Report) : ReportAttachment;

    public sealed record Tls(ToldTlsReport Report) : ReportAttachment;

    /// <summary>
    /// Finds the report in a mail: an attachment in XML for DMARC, packed with gzip or zip or not at all, or in JSON for TLS (RFC 8460 §5.2), packed with gzip or not. It is unpacked as it is read, and no further than
    /// a report can go.
    /// </summary>
    /// <param name="message">Its length is bounded by the caller.</param>
    /// <returns>Null when the mail has no such attachment.</returns>
    /// <exception cref="InvalidDataException">It has one that is no report; the message says why.</exception>
    public static async ValueTask<ReportAttachment?> ReadAsync(MimeMessage message, CancellationToken cancellationToken)
    {
        foreach (var part in message.BodyParts.OfType<MimePart>().Take(MaxParts))
        {
            if (KindOf(part) is not (var isTls, var packing) || part.Content is null) continue;
            using var octets = new MemoryStream();
            await part.Content.DecodeToAsync(octets, cancellationToken);
            octets.Position = 0;
            await using var text = await UnpackAsync(octets, packing, cancellationToken);
            return isTls ? new Tls(TlsReportReader.Read(text)) : new Dmarc(DmarcReportReader.Read(text));
        }
        return null;
    }

    /// <summary>By the name of the file, as reports come as application/octet-stream too; else by the media type.</summary>
    private static (bool IsTls, Packing Packing)? KindOf(MimePart part)
    {
        var name = part.FileName ?? "";
        if (name.EndsWith(".xml.gz", StringComparison.OrdinalIgnoreCase)) return (false, Packing.Gzip);
        if (name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase)) return (false, Packing.Zip);
        if (name.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)) return (false, Packing.None);
        if (name.EndsWith(".json.gz", StringComparison.OrdinalIgnoreCase)) return (true, Packing.Gzip);
        if (name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return (true, Packing.None);
        return part.ContentType.MimeType.ToLowerInvariant() switch
        {
            "application/tlsrpt+gzip" => (true, Packing.Gzip),
            "application/tlsrpt+json" => (true, Packing.None),
            "application/gzip" or "application/x-gzip" => (false, Packing.Gzip),
            "application/zip" or "application/x-zip-compressed" => (false, Packing.Zip),
            "text/xml" or "application/xml" => (false, Packing.None),
            _ => null,
        };
    }

    private static async ValueTask<Stream> UnpackAsync(MemoryStream packed, Packing packing, CancellationToken cancellationToken)
    {
        switch (packing)
        {
            case Packing.Gzip:
                return new BoundedStream(new GZipStream(packed, CompressionMode.Decompress), MaxUnpacked);
            case Packing.Zip:
                var zip = await ZipArchive.CreateAsync(packed, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellationToken);
                if (zip.Entries.Count > MaxFiles) throw new InvalidDataException($"it has more than {MaxFiles} files");
                var file = zip.Entries.FirstOrDefault(entry => entry.FullName.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)) ?? throw new InvalidDataException("no XML is in it");
                return new BoundedStream(await file.OpenAsync(cancellationToken), MaxUnpacked);
            default:
                return packed;
        }
    }

    /// <summary>Gives no more than so many octets, whatever the archive says of its length.</summary>
    private sealed class BoundedStream(Stream source, int limit) : ForwardStream
    {
        private long _read;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Count(await source.ReadAsync(buffer, cancellationToken));

        /// <summary>XML and JSON are parsed synchronously; all that is unpacked is in memory.</summary>
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
