using System.Buffers;
using Merpati.Protocols.Pop3;
using Microsoft.Extensions.Options;

namespace Merpati.Pop3Gateway;

/// <summary>Section <c>Pop3Gateway</c> of the configuration.</summary>
public sealed class Pop3GatewayOptions
{
    public const string Section = "Pop3Gateway";

    /// <summary>Name in the greeting.</summary>
    public string HostName { get; set; } = "localhost";

    /// <summary>USER and AUTH without TLS; for tests on loopback only.</summary>
    public bool AllowPlaintextAuth { get; set; }

    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    public TimeSpan LoginTimeout { get; set; } = TimeSpan.FromMinutes(3);

    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromMinutes(5);

    public int MaxCommandsBeforeLogin { get; set; } = 60;

    public int MaxBadCommands { get; set; } = 15;

    public int MaxFailedLogins { get; set; } = 5;

    internal Pop3Settings ToSettings() => new()
    {
        ServerName = HostName,
        AllowPlaintextAuth = AllowPlaintextAuth,
        IdleTimeout = IdleTimeout,
        LoginTimeout = LoginTimeout,
        WriteTimeout = WriteTimeout,
        MaxCommandsBeforeLogin = MaxCommandsBeforeLogin,
        MaxBadCommands = MaxBadCommands,
        MaxFailedLogins = MaxFailedLogins,
    };
}

/// <summary>Names the key and says what to write, which the generated validator cannot.</summary>
internal sealed class ValidatePop3GatewayOptions : IValidateOptions<Pop3GatewayOptions>
{
    private static readonly SearchValues<char> HostNameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]");

    private static readonly TimeSpan OneDay = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, Pop3GatewayOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.HostName.Length is 0 or > 255 || options.HostName.AsSpan().ContainsAnyExcept(HostNameCharacters))
            result.AddError("Pop3Gateway:HostName must be the name that clients connect to, as in mail.example.org.");
        // RFC 1939 §3 allows no inactivity timer under 10 minutes.
        Between(result, nameof(options.IdleTimeout), options.IdleTimeout, TimeSpan.FromMinutes(10));
        Between(result, nameof(options.LoginTimeout), options.LoginTimeout, TimeSpan.FromSeconds(1));
        Between(result, nameof(options.WriteTimeout), options.WriteTimeout, TimeSpan.FromSeconds(1));
        Positive(result, nameof(options.MaxCommandsBeforeLogin), options.MaxCommandsBeforeLogin);
        Positive(result, nameof(options.MaxBadCommands), options.MaxBadCommands);
        Positive(result, nameof(options.MaxFailedLogins), options.MaxFailedLogins);
        return result.Build();
    }

    private static void Between(ValidateOptionsResultBuilder result, string key, TimeSpan value, TimeSpan least)
    {
        if (value < least || value > OneDay) result.AddError($"Pop3Gateway:{key} must be a time from {least:c} to {OneDay:c}.");
    }

    private static void Positive(ValidateOptionsResultBuilder result, string key, int value)
    {
        if (value is < 1 or > 10_000) result.AddError($"Pop3Gateway:{key} must be a number from 1 to 10000.");
    }
}
