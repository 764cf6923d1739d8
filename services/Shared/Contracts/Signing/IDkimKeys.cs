namespace Merpati.Signing;

/// <summary>Who signs for a domain of ours. UserDirectory implements it; OutboundRelay asks it, in the cluster over gRPC.</summary>
public interface IDkimKeys
{
    /// <summary>The active keys of the domain, or none; a message is signed with each of them. An outage is an exception, and the message waits: unsigned mail is mail that is lost.</summary>
    /// <param name="domain">In any form.</param>
    ValueTask<IReadOnlyList<DkimSigningKey>> SigningKeysAsync(string domain, CancellationToken cancellationToken);
}
