using System.Buffers;
using Merpati.Signing;

namespace Merpati.Mail.Auth;

/// <summary>Adds an ARC set to a message that is forwarded (RFC 8617 §5.1). Pure: a digest and a key in, header octets out.</summary>
public static class ArcSealer
{
    /// <param name="message">As it came, that is before it is signed or sealed here.</param>
    /// <param name="chain">What the chain was worth when the message came.</param>
    /// <param name="authServId">The name under which the results were found.</param>
    /// <param name="results">The results, as <see cref="AuthenticationResults.ReadBack"/> has them; folding is taken out.</param>
    /// <returns>ARC-Seal, ARC-Message-Signature and ARC-Authentication-Results with their CRLF. Nothing when nobody may seal any more: the chain failed before, is full, or was in doubt.</returns>
    public static ReadOnlyMemory<byte> Seal(MessageDigest message, AuthResult chain, DkimSigningKey key, string authServId, string results, DateTimeOffset time)
    {
        var before = ArcChain.Read(message.Fields);
        // A chain that failed is sealed once more so that those who follow need not look (§5.1.2); one whose structure is broken has no number that could follow.
        var ended = before.Sets.Count > 0 && ArcSeal.Parse(before.Sets[^1].Seal).ChainValidation == "fail";
        if (ended || before.Fault is not null || before.HighestInstance >= ArcChain.MaxSets || chain is not (AuthResult.None or AuthResult.Pass or AuthResult.Fail)) return default;
        if (chain == AuthResult.None != (before.Sets.Count == 0)) return default;
        var instance = (before.HighestInstance + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);

        var written = new FoldedField("ARC-Authentication-Results").Piece($" i={instance};").Piece($" {authServId};");
        foreach (var word in results.Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)) written.Piece(" " + word);
        var authenticationResults = written.Plain();

        var names = SignedFields.Choose(message.Fields, ["DKIM-Signature"]);
        var data = new ArrayBufferWriter<byte>(4096);
        SignedFields.Write(message.Fields, names, Canonicalization.Relaxed, data);
        var messageSignature = DkimSigner.SignField(
            new FoldedField("ARC-Message-Signature")
                .Tag("i", instance).Tag("a", DkimSigner.Name(key.Algorithm)).Tag("c", "relaxed/" + DkimSigner.Name(message.Body))
                .Tag("d", DkimSigner.Domain(key)).Tag("s", key.Selector).Tag("t", DkimSigner.Seconds(time))
                .Words("h", names).Tag("bh", Convert.ToBase64String(message.BodyHash)),
            key,
            data,
            Canonicalization.Relaxed);

        // After a failure a seal covers its own set alone (§5.1.2).
        var sealing = new ArrayBufferWriter<byte>(8192);
        if (chain == AuthResult.Pass) ArcVerifier.WriteSealed(before.Sets, sealing);
        CanonicalHeader.Write(RawHeader.Fields(authenticationResults)[0], Canonicalization.Relaxed, sealing);
        CanonicalHeader.Write(RawHeader.Fields(messageSignature)[0], Canonicalization.Relaxed, sealing);
        var seal = DkimSigner.SignField(
            new FoldedField("ARC-Seal")
                .Tag("i", instance).Tag("a", DkimSigner.Name(key.Algorithm)).Tag("t", DkimSigner.Seconds(time)).Tag("cv", chain.Name())
                .Tag("d", DkimSigner.Domain(key)).Tag("s", key.Selector),
            key,
            sealing,
            Canonicalization.Relaxed);
        return (byte[])[.. seal, .. messageSignature, .. authenticationResults];
    }
}
