using System.ComponentModel.DataAnnotations;
using Merpati.Protocols.Pop3;
using Microsoft.Extensions.Options;

namespace Merpati.Pop3Gateway;

/// <summary>Section <c>Pop3</c> of the configuration.</summary>
public sealed class Pop3GatewayOptions
{
    public const string Section = "Pop3";

    private const string OneSecond = "00:00:01";
    private const string OneDay = "1.00:00:00";

    /// <summary>Name in the greeting.</summary>
    [Required(ErrorMessage = "Pop3:HostName is empty: write the name that clients connect to, as in mail.example.org.")]
    [RegularExpression("^[A-Za-z0-9.:\\[\\]_-]{1,255}$", ErrorMessage = "Pop3:HostName is not a host name: write letters, digits, dots and hyphens, as in mail.example.org.")]
    public string HostName { get; set; } = "localhost";

    /// <summary>USER and AUTH without TLS; for tests on loopback only.</summary>
    public bool AllowPlaintextAuth { get; set; }

    [Range(typeof(TimeSpan), "00:10:00", OneDay, ErrorMessage = "Pop3:IdleTimeout must be from 00:10:00 (RFC 1939 allows no less) to 1.00:00:00.")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    [Range(typeof(TimeSpan), OneSecond, OneDay, ErrorMessage = "Pop3:LoginTimeout must be from 00:00:01 to 1.00:00:00.")]
    public TimeSpan LoginTimeout { get; set; } = TimeSpan.FromMinutes(3);

    [Range(typeof(TimeSpan), OneSecond, OneDay, ErrorMessage = "Pop3:WriteTimeout must be from 00:00:01 to 1.00:00:00.")]
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromMinutes(5);

    [Range(1, 10_000, ErrorMessage = "Pop3:MaxCommandsBeforeLogin must be from 1 to 10000.")]
    public int MaxCommandsBeforeLogin { get; set; } = 60;

    [Range(1, 10_000, ErrorMessage = "Pop3:MaxBadCommands must be from 1 to 10000.")]
    public int MaxBadCommands { get; set; } = 15;

    [Range(1, 1000, ErrorMessage = "Pop3:MaxFailedLogins must be from 1 to 1000.")]
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

[OptionsValidator]
internal sealed partial class ValidatePop3GatewayOptions : IValidateOptions<Pop3GatewayOptions>;
