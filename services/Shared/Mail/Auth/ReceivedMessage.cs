namespace Merpati.Mail.Auth;

/// <summary>
/// A message that streams by, in pieces cut anywhere, for those who verify it: its header is kept, and its body is hashed once for each way in which one of its signatures wants it hashed.
/// Memory is that of the header.
/// </summary>
/// <param name="maxHeader">Octets; a message with more counts as one without signatures and without an author.</param>
/// <param name="maxSignatures">DKIM signatures that count, from the top.</param>
public sealed class ReceivedMessage(int maxHeader, int maxSignatures) : IDisposable
{
    private readonly HeaderCollector _header = new(maxHeader);
    private readonly List<BodyHash> _hashes = [];
    private readonly List<(Canonicalization Canonicalization, long? Limit, byte[] Hash, long Length)> _done = [];
    private bool _begun;

    internal IReadOnlyList<RawField> Fields { get; private set; } = [];

    internal IReadOnlyList<DkimSignature> Signatures { get; private set; } = [];

    internal ArcChain Arc { get; private set; } = ArcChain.None;

    /// <summary>The domains of all authors in From, each once, lower case as the directory has them; none when there is no From that can be read. DMARC judges a message with exactly one.</summary>
    public IReadOnlyList<string> AuthorDomains { get; private set; } = [];

    public void Write(ReadOnlySpan<byte> octets)
    {
        if (!_header.IsComplete)
        {
            octets = octets[_header.Write(octets)..];
            if (_header.IsComplete) Begin();
        }
        foreach (var hash in _hashes) hash.Append(octets);
    }

    /// <summary>The message ended. Everything is known now.</summary>
    public void Complete()
    {
        if (!_begun) Begin();
        foreach (var hash in _hashes) _done.Add((hash.Canonicalization, hash.Limit, hash.Complete(), hash.Length));
    }

    public void Dispose()
    {
        foreach (var hash in _hashes) hash.Dispose();
    }

    /// <summary>The hash of the body in this form, and the length of the whole body in it. Only what a signature of this message asks for is there.</summary>
    internal (byte[] Hash, long Length) BodyHash(Canonicalization canonicalization, long? limit)
    {
        foreach (var (one, most, hash, length) in _done)
        {
            if (one == canonicalization && most == limit) return (hash, length);
        }
        throw new InvalidOperationException("No signature asked for this hash before the body came.");
    }

    private void Begin()
    {
        _begun = true;
        if (_header.IsTooBig) return;
        Fields = RawHeader.Fields(_header.Octets);
        Signatures = [.. Fields.Where(field => field.Is("DKIM-Signature")).Take(maxSignatures).Select(field => DkimSignature.Parse(field, arc: false))];
        Arc = ArcChain.Read(Fields);
        AuthorDomains = Authors.Domains(Fields);
        foreach (var signature in Signatures) Need(signature);
        if (Arc.Newest is { } newest) Need(newest);
    }

    private void Need(DkimSignature signature)
    {
        if (signature.Fault is not null || _hashes.Exists(hash => hash.Canonicalization == signature.Body && hash.Limit == signature.BodyLength)) return;
        _hashes.Add(new BodyHash(signature.Body, signature.BodyLength));
    }
}
