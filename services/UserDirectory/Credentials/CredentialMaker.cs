using Merpati.Accounts;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Credentials;

/// <summary>Makes all verifiers of a password, and tells whether stored ones have fallen behind the parameters of today.</summary>
internal sealed class CredentialMaker(IOptions<UserDirectoryOptions> options, HashingGate gate)
{
    /// <summary>Waits its turn at the gate without a limit: administration is not hurried, and not hostile.</summary>
    public async ValueTask<Credential> MakeAsync(string password, CancellationToken cancellationToken)
    {
        using var turn = await gate.EnterAsync(cancellationToken);
        return await MakeInTurnAsync(password);
    }

    /// <summary>For a caller that is in the gate.</summary>
    public async ValueTask<Credential> MakeInTurnAsync(string password)
    {
        var prepared = PreparedPassword.From(password);
        var verifier = await Argon2idVerifier.MakeAsync(prepared, Argon2Parameters.From(options.Value));
        return new Credential(verifier.ToString(), ScramKeys.Derive(prepared, options.Value.ScramIterations));
    }

    public bool IsOutdated(Argon2idVerifier verifier, Credential credential)
        => verifier.Parameters.IsWeakerThan(Argon2Parameters.From(options.Value)) || credential.Scram.Iterations < options.Value.ScramIterations;
}
