using System.ComponentModel.DataAnnotations;
using Merpati.Protocols.Pop3;
using Microsoft.Extensions.Options;

namespace Merpati.Pop3Gateway;

/// <summary>Section <c>Pop3Gateway</c> of the configuration.</summary>
public sealed class Pop3GatewayOptions
{
    public const string Section = "Pop3Gateway";

    /// <summary>Name in the greeting.</summary>
    [Required]
    [RegularExpression(@"^[A-Za-z0-9.:_\[\]-]{1,255}$", ErrorMessage = "write the name that clients connect to, such as mail.example.org.")]
    public string HostName { get; set; } = "localhost";

    /// <summary>USER and AUTH without TLS; for tests on loopback only.</summary>
    public bool AllowPlaintextAuth { get; set; }

    /// <summary>A client that is silent for so long is logged out, and its deletions are forgotten; RFC 1939 §3 asks for 10 minutes or more.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "1.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Time from the greeting to a login.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LoginTimeout { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>A client that takes nothing for so long is cut off.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The least time from one login of an account to the next, in whole seconds; advertised as LOGIN-DELAY (RFC 2449 §6.5). Zero is none.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan LoginDelay { get; set; }

    /// <summary>Commands before a login; then the connection ends.</summary>
    [Range(1, 10_000)]
    public int MaxCommandsBeforeLogin { get; set; } = 60;

    /// <summary>Commands that are none; then the connection ends.</summary>
    [Range(1, 10_000)]
    public int MaxBadCommands { get; set; } = 15;

    /// <summary>Logins that failed; then the connection ends.</summary>
    [Range(1, 10_000)]
    public int MaxFailedLogins { get; set; } = 5;

    internal Pop3Settings ToSettings() => new()
    {
        ServerName = HostName,
        AllowPlaintextAuth = AllowPlaintextAuth,
        IdleTimeout = IdleTimeout,
        LoginTimeout = LoginTimeout,
        WriteTimeout = WriteTimeout,
        LoginDelay = LoginDelay,
        MaxCommandsBeforeLogin = MaxCommandsBeforeLogin,
        MaxBadCommands = MaxBadCommands,
        MaxFailedLogins = MaxFailedLogins,
    };
}

[OptionsValidator]
internal sealed partial class Pop3GatewayOptionsValidator : IValidateOptions<Pop3GatewayOptions>;
