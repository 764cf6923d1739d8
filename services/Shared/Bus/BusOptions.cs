using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Merpati.Bus;

/// <summary>Section <c>Bus</c> of the configuration: how RabbitMQ is reached, and how much waits in memory while it is not.</summary>
public sealed class BusOptions : IValidatableObject
{
    public const string Section = "Bus";

    /// <summary>Where RabbitMQ is: <c>amqp://user:password@host:5672/virtual-host</c>, or amqps for TLS.</summary>
    [Required]
    public string Uri { get; set; } = "amqp://guest:guest@localhost:5672/";

    /// <summary>User name; wins over that in <see cref="Uri"/>.</summary>
    public string? UserName { get; set; }

    /// <summary>File with the password; wins over that in <see cref="Uri"/>.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>Names of exchanges and queues begin with it: two installations may share a broker.</summary>
    [Required]
    [RegularExpression("^[A-Za-z0-9._-]{1,100}$", ErrorMessage = "write letters, digits, dots, hyphens and underscores, such as merpati.")]
    public string Prefix { get; set; } = "merpati";

    /// <summary>Changes of mailboxes that wait to be sent; when it is full the oldest are dropped, and their sessions find the news at their next poll.</summary>
    [Range(16, 1_000_000)]
    public int OutgoingChanges { get; set; } = 10_000;

    /// <summary>Changes that a gateway may have waiting in its queue; more are dropped by the broker.</summary>
    [Range(16, 1_000_000)]
    public int IncomingChanges { get; set; } = 10_000;

    /// <summary>The least time between two rings for the same work: what comes in between rings once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan RingInterval { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How long a worker that is busy keeps a ring before it passes it on to another.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan RingHold { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A send that takes longer has failed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The wait before the next try after the connection or a send failed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Every mailbox that a session looks at is looked at this often even if no change was announced, and faster (<see cref="PollWithoutBroker"/>) while the broker is away.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Poll { get; set; } = TimeSpan.FromMinutes(1);

    /// <inheritdoc cref="Poll"/>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan PollWithoutBroker { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A shared queue that nobody has read for so long is removed by the broker: what an older version left behind does not pile up.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan UnusedQueuesExpire { get; set; } = TimeSpan.FromDays(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!System.Uri.TryCreate(Uri, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
            yield return new ValidationResult("write amqp://user:password@host:5672/ or amqps://…", [nameof(Uri)]);
        if (PasswordFile is not null && !File.Exists(PasswordFile)) yield return new ValidationResult($"there is no file {PasswordFile}; write the path of a file that holds the password.", [nameof(PasswordFile)]);
    }

    /// <summary>Address and credentials in one.</summary>
    internal Uri ToUri()
    {
        var uri = new UriBuilder(Uri);
        if (UserName is not null) uri.UserName = System.Uri.EscapeDataString(UserName);
        if (PasswordFile is not null) uri.Password = System.Uri.EscapeDataString(File.ReadAllText(PasswordFile).Trim());
        return uri.Uri;
    }
}

[OptionsValidator]
internal sealed partial class BusOptionsValidator : IValidateOptions<BusOptions>;
