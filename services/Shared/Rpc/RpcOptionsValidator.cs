using Merpati.Rpc.Calls;
using Merpati.Rpc.Security;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc;

[OptionsValidator]
internal sealed partial class RpcOptionsRanges : IValidateOptions<RpcOptions>;

/// <summary>The certificate files are read once here, so that a service with a wrong one does not start.</summary>
internal sealed class RpcOptionsValidator(TimeProvider time) : IValidateOptions<RpcOptions>
{
    public ValidateOptionsResult Validate(string? name, RpcOptions options)
    {
        if (options.Security == RpcSecurity.Development) return ValidateOptionsResult.Success;
        var missing = new[] { (nameof(options.Certificate), options.Certificate), (nameof(options.Key), options.Key), (nameof(options.Authorities), options.Authorities) }
            .Where(file => string.IsNullOrEmpty(file.Item2))
            .Select(file => $"{file.Item1}: name the PEM file; services talk over mutual TLS.")
            .ToList();
        if (missing.Count > 0) return ValidateOptionsResult.Fail(missing);
        try { using var credentials = ServiceCredentials.Read(new ServiceCredentialFiles(options.Certificate!, options.Key!, options.Authorities!), time); }
        catch (IOException unusable) { return ValidateOptionsResult.Fail($"{nameof(options.Certificate)}: {unusable.Message}"); }
        return ValidateOptionsResult.Success;
    }
}

/// <summary>The address of a service that this one calls.</summary>
internal sealed class PeerAddressValidator(string key, Func<RpcOptions, string?> address) : IValidateOptions<RpcOptions>
{
    public string Key => key;

    public ValidateOptionsResult Validate(string? name, RpcOptions options)
        => PeerAddress.TryParse(address(options), out _) ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{key}: write where the service is: dns:///name:port, or host:port, several with commas between.");
}
