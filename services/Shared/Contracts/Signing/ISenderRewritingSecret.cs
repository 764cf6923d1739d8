namespace Merpati.Signing;

/// <summary>The secret behind rewritten senders (SRS). UserDirectory implements it; Delivery rewrites with it and SmtpIngress recognizes, in the cluster over gRPC.</summary>
public interface ISenderRewritingSecret
{
    /// <summary>32 octets, the same for ever in one installation.</summary>
    ValueTask<ReadOnlyMemory<byte>> SenderRewritingSecretAsync(CancellationToken cancellationToken);
}
