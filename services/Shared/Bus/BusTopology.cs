using MassTransit;
using Merpati.Storage;

namespace Merpati.Bus;

/// <summary>The names on the broker. Older and newer versions meet there: never change one without a new name.</summary>
internal sealed class BusTopology(string prefix) : IEntityNameFormatter, IErrorQueueNameFormatter, IDeadLetterQueueNameFormatter
{
    /// <summary>A ring that nobody could be given to for so long rang for mail that was swept up long ago.</summary>
    public static readonly TimeSpan RingLifetime = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan DeadLetterLifetime = TimeSpan.FromDays(14);

    /// <summary>More rings than that tell the workers nothing new.</summary>
    public const int MaxRings = 100;

    public const int MaxDeadLetters = 10_000;

    /// <summary>How often a ring is given out again after workers died over it.</summary>
    public const int DeliveryLimit = 5;

    /// <summary>What could not be understood or handled, from all shared queues.</summary>
    public string DeadLetters => $"{prefix}.dead-letters";

    /// <summary>Topic exchange; the routing key is the account id.</summary>
    public string MailboxChanges => $"{prefix}.mailbox-changed";

    /// <summary>Shared by all workers of the route.</summary>
    public string RingsOf(QueueRoute route) => $"{prefix}.message-queued.{Word(route)}";

    /// <summary>Of this process alone.</summary>
    public string DirectoryChangesOf(string instance) => $"{prefix}.directory-changed.{instance}";

    public static string Word(QueueRoute route) => route.ToString().ToLowerInvariant();

    /// <summary>The exchange of a message type: <c>merpati.message-queued</c>.</summary>
    public string FormatEntityName<T>() => $"{prefix}.{KebabCaseEndpointNameFormatter.Instance.SanitizeName(typeof(T).Name)}";

    public string FormatErrorQueueName(string queueName) => DeadLetters;

    public string FormatDeadLetterQueueName(string queueName) => DeadLetters;

    /// <summary>The queue is declared in more than one place, and the broker wants it to be the same in all.</summary>
    public static void ConfigureDeadLetters(IRabbitMqQueueConfigurator queue)
    {
        // MassTransit begins with the arguments of the queue that the letter was in.
        foreach (var inherited in (string[])["x-expires", "x-overflow", "x-delivery-limit", "x-dead-letter-exchange"]) queue.SetQueueArgument(inherited, (object?)null);
        queue.SetQueueArgument("x-queue-type", "quorum");
        queue.SetQueueArgument("x-message-ttl", (long)DeadLetterLifetime.TotalMilliseconds);
        queue.SetQueueArgument("x-max-length", MaxDeadLetters);
    }
}
