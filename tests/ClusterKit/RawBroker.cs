using System.Text;
using Merpati.Local.ForTests;
using RabbitMQ.Client;

namespace Merpati.TestKit.Cluster;

/// <summary>Looks at the broker from the side, as an operator would.</summary>
public sealed class RawBroker : IAsyncDisposable
{
    private readonly IConnection _connection;

    private RawBroker(IConnection connection) => _connection = connection;

    public static async Task<RawBroker> ConnectAsync(string? broker = null)
        => new(await new ConnectionFactory { Uri = new Uri(broker ?? (await TestBroker.UriAsync()).ToString()), AutomaticRecoveryEnabled = false }.CreateConnectionAsync());

    /// <summary>Messages that are ready in the queue; null when there is no such queue.</summary>
    public async Task<uint?> CountAsync(string queue)
    {
        await using var channel = await _connection.CreateChannelAsync();
        try { return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount; }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException) { return null; }
    }

    public async Task PublishAsync(string exchange, string routingKey, string body, string contentType = "application/json")
    {
        await using var channel = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.BasicPublishAsync(exchange, routingKey, mandatory: true, new BasicProperties { ContentType = contentType }, Encoding.UTF8.GetBytes(body));
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
