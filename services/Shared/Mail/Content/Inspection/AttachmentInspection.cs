using System.Buffers;
using System.Text;
using Merpati.Mailboxes;
using MimeKit.Encodings;

namespace Merpati.Mail.Content;

/// <summary>Looks at one attachment as its octets stream by: what it is, and what it holds when it is an archive or a document of Office.</summary>
internal sealed class AttachmentInspection
{
    // Where a document of the old format has macros, its directory has an entry of this name.
    private static readonly byte[] VbaProject = Encoding.Unicode.GetBytes("_VBA_PROJECT");

    private readonly byte[] _head = new byte[FileKinds.Head];
    private readonly IReadOnlySet<string> _executables;
    private readonly ISet<string> _reasons;
    private readonly string _extension;
    private readonly string _mediaType;
    private readonly int _maxNames;
    private readonly byte[] _tail = new byte[VbaProject.Length - 1];
    private int _headLength;
    private int _tailLength;
    private FileKind? _kind;
    private IArchiveNames? _names;

    public AttachmentInspection(string extension, string mediaType, IReadOnlySet<string> executables, InspectionLimits limits, ISet<string> reasons)
    {
        (_extension, _mediaType, _executables, _reasons, _maxNames) = (extension, mediaType, executables, reasons, limits.MaxNames);
    }

    /// <summary>More of it could tell something.</summary>
    public bool WantsMore => _kind is null or FileKind.Ole || _names is { IsDone: false };

    public static IMimeDecoder? DecoderOf(BodyPart part) => part.Encoding switch
    {
        "base64" => new Base64Decoder(),
        "quoted-printable" => new QuotedPrintableDecoder(),
        "x-uuencode" or "uuencode" or "x-uue" => new UUDecoder(),
        _ => null,
    };

    public void Write(ReadOnlySpan<byte> octets)
    {
        if (_kind is null)
        {
            var piece = octets[..Math.Min(octets.Length, _head.Length - _headLength)];
            piece.CopyTo(_head.AsSpan(_headLength));
            _headLength += piece.Length;
            octets = octets[piece.Length..];
            if (_headLength < _head.Length) return;
            Begin();
        }
        Look(octets);
    }

    public void Complete()
    {
        if (_kind is null) Begin();
        if (_names is null) return;
        _names.Complete();
        if (_names.IsTooMuch) _reasons.Add(ContentReason.Limits);
        if (_names.IsEncrypted) _reasons.Add(ContentReason.ArchiveEncrypted);
        if (_names.IsUnreadable) _reasons.Add(ContentReason.ArchiveUnreadable);
    }

    private void Begin()
    {
        var head = _head.AsSpan(0, _headLength);
        _kind = FileKinds.Of(head);
        if (FileKinds.Runs(_kind.Value)) _reasons.Add(ContentReason.ExecutableContent);
        if (FileKinds.Differ(_kind.Value, _extension, _mediaType)) _reasons.Add(ContentReason.TypeMismatch);
        _names = NamesIn(ref head);
        Look(head);
    }

    /// <param name="head">Comes out without what stands before the archive.</param>
    private IArchiveNames? NamesIn(ref Span<byte> head)
    {
        switch (_kind)
        {
            case FileKind.Zip:
                return new ZipNames(_maxNames, Note);
            case FileKind.Rar:
                return new RarNames(_maxNames, Note);
            case FileKind.SevenZip:
                return new SevenZipNames(_maxNames, Note);
            // An archive may have something before it, and is opened all the same.
            case FileKind.Unknown when _extension is "zip" or "jar" or "docx" or "xlsx" or "pptx":
                return new ZipNames(_maxNames, Note);
            case FileKind.Unknown when _extension is "rar":
                head = head[Math.Max(0, head.IndexOf("Rar!"u8))..];
                return new RarNames(_maxNames, Note);
            case FileKind.Unknown when _extension is "7z":
                head = head[Math.Max(0, head.IndexOf(SevenZipNames.Mark))..];
                return new SevenZipNames(_maxNames, Note);
            default:
                return null;
        }
    }

    private void Look(ReadOnlySpan<byte> octets)
    {
        _names?.Write(octets);
        if (_kind == FileKind.Ole) LookForMacros(octets);
    }

    private void LookForMacros(ReadOnlySpan<byte> octets)
    {
        // What was cut between two pieces.
        Span<byte> seam = stackalloc byte[2 * (VbaProject.Length - 1)];
        var begin = octets[..Math.Min(octets.Length, _tail.Length)];
        _tail.AsSpan(0, _tailLength).CopyTo(seam);
        begin.CopyTo(seam[_tailLength..]);
        if (seam[..(_tailLength + begin.Length)].IndexOf(VbaProject) >= 0 || octets.IndexOf(VbaProject) >= 0) _reasons.Add(ContentReason.OfficeMacros);
        if (octets.Length >= _tail.Length)
        {
            octets[^_tail.Length..].CopyTo(_tail);
            _tailLength = _tail.Length;
            return;
        }
        var joined = seam[..(_tailLength + begin.Length)];
        var rest = joined[^Math.Min(joined.Length, _tail.Length)..];
        rest.CopyTo(_tail);
        _tailLength = rest.Length;
    }

    private void Note(string name)
    {
        if (name.EndsWith("/vbaProject.bin", StringComparison.OrdinalIgnoreCase) || name.StartsWith("xl/macrosheets/", StringComparison.OrdinalIgnoreCase)) _reasons.Add(ContentReason.OfficeMacros);
        if (_executables.Contains(FileName.Extension(name))) _reasons.Add(ContentReason.ArchiveExecutable);
    }
}
