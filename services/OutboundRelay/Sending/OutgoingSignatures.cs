using Merpati.Mail;
using Merpati.Mail.Auth;
using Merpati.Signing;
using Merpati.Storage;

namespace Merpati.OutboundRelay.Sending;

/// <summary>
/// The header fields that vouch for a message on its way out. What our users and we ourselves wrote is signed for the domain in From (DKIM); what came from outside and is
/// forwarded is never signed as ours, whatever its From says: it is sealed with what we found when it came (ARC).
/// </summary>
/// <param name="hostName">The name under which the results were found, and whose domain seals where that of the reverse-path has no keys.</param>
internal sealed class OutgoingSignatures(IDkimKeys keys, string hostName, TimeProvider time)
{
    /// <summary>What stands before the content of the entry when it is sent: its trace headers, but for what is ours alone, with signatures above.</summary>
    /// <param name="open">Opens the content as it is sent; the stream is disposed.</param>
    /// <exception cref="Mailboxes.ContentDamagedException">The content is missing or damaged.</exception>
    /// <remarks>A directory that does not answer is an exception too, and the entry waits: mail that is not signed is mail that others throw away.</remarks>
    public async ValueTask<ReadOnlyMemory<byte>> PrefixAsync(QueueEntry entry, Func<CancellationToken, ValueTask<Stream>> open, CancellationToken cancellationToken)
    {
        var found = AuthenticationResults.ReadBack(entry.TraceHeaders, hostName);
        var forwarded = entry.Submitter is null && MessageDigest.HasField(entry.TraceHeaders, "Received");
        var sealing = forwarded && found is not null ? await SealingKeyAsync(entry, cancellationToken) : null;
        var ours = InternalFields.Remove(entry.TraceHeaders);
        if (forwarded && sealing is null) return ours;

        IReadOnlyList<DkimSigningKey> signing = [];
        MessageDigest? digest;
        await using (var content = await open(cancellationToken))
        {
            digest = await MessageDigest.ReadIfAsync(IsVouchedForAsync, ours, content, Canonicalization.Relaxed, cancellationToken);
        }
        if (digest is null) return ours;
        var now = time.GetUtcNow();
        var fields = sealing is not null
            ? ArcSealer.Seal(digest, found!.Value.Arc, sealing, hostName, found.Value.Payload, now)
            : DkimSigner.Sign(digest, signing, DkimSigning.At(now));
        return fields.IsEmpty ? ours : (byte[])[.. fields.Span, .. ours.Span];

        async ValueTask<bool> IsVouchedForAsync(IReadOnlyList<string> authorDomains, CancellationToken token)
        {
            if (sealing is not null) return true;
            // Several authors: nobody signs for another.
            if (authorDomains is not [var domain]) return false;
            signing = await keys.SigningKeysAsync(domain, token);
            return signing.Count > 0;
        }
    }

    /// <summary>A key of the domain that forwards, RSA before Ed25519: a seal has one signature, and not all verifiers know the newer algorithm.</summary>
    private async ValueTask<DkimSigningKey?> SealingKeyAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        var dot = hostName.IndexOf('.', StringComparison.Ordinal);
        foreach (var domain in (string?[])[entry.ReversePath.Address?.Domain, hostName, dot < 0 ? null : hostName[(dot + 1)..]])
        {
            if (domain is null) continue;
            if ((await keys.SigningKeysAsync(domain, cancellationToken)).OrderBy(key => key.Algorithm).FirstOrDefault() is { } key) return key;
        }
        return null;
    }
}
