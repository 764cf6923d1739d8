using System.Text;
using AwesomeAssertions;
using Merpati.Local.Broker;
using RabbitMQ.Client;
using Xunit;

namespace Merpati.Tests.Integration.LocalServers;

public sealed class RabbitBrokerTests
{
    [Fact]
    public async Task The_broker_is_stopped_killed_and_started_again_with_its_messages_and_wiped_without()
    {
        await using var broker = await RabbitBroker.StartNewAsync(CancellationToken.None);
        await PublishAsync(broker, "one");
        await broker.StopAsync();
        await broker.StartAsync(CancellationToken.None);
        await PublishAsync(broker, "two");
        await broker.KillAsync();
        await broker.StartAsync(CancellationToken.None);
        (await CountAsync(broker)).Should().Be(2, "the messages are durable and confirmed");
        await broker.StopAsync();
        broker.WipeData();
        await broker.StartAsync(CancellationToken.None);
        (await CountAsync(broker)).Should().Be(0);
    }

    private static async Task PublishAsync(RabbitBroker broker, string text)
    {
        await using var connection = await new ConnectionFactory { Uri = broker.Uri }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await DeclareAsync(channel);
        await channel.BasicPublishAsync("", "things", mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes(text));
    }

    private static async Task<uint> CountAsync(RabbitBroker broker)
    {
        await using var connection = await new ConnectionFactory { Uri = broker.Uri }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        return (await DeclareAsync(channel)).MessageCount;
    }

    private static Task<QueueDeclareOk> DeclareAsync(IChannel channel) => channel.QueueDeclareAsync("things", durable: true, exclusive: false, autoDelete: false);
}
