using AwesomeAssertions;

namespace Merpati.Tests.Chart;

/// <summary>The examples for the operators of MongoDB and RabbitMQ, and the values beside them: the operators make the secrets and services that the chart is told of.</summary>
public sealed class OperatorTests
{
    private static readonly Node Values = Read("values");

    [Fact]
    public void The_secret_with_the_connection_string_is_the_one_of_the_user_who_may_use_the_database_and_nothing_else()
    {
        var mongodb = Read("mongodb");
        var user = mongodb["spec"]["users"].Items.Single();
        Values["mongodb"]["existingSecret"].Text.Should().Be($"{mongodb["metadata"]["name"].Text}-{user["db"].Text}-{user["name"].Text}");
        Values["mongodb"]["existingSecretKey"].Text.Should().Be("connectionString.standard");
        var role = user["roles"].Items.Single();
        role["name"].Text.Should().Be("readWrite");
        role["db"].Text.Should().Be(Node.Parse(Repository.Read("charts/merpati/values.yaml"))["mongodb"]["database"].Text);
        mongodb["spec"]["members"].Number.Should().BeGreaterThanOrEqualTo(3, "a write waits for a majority");
        Values["networkPolicy"]["mongodbTo"].Items.Single()["podSelector"]["matchLabels"]["app"].Text.Should().Be($"{mongodb["metadata"]["name"].Text}-svc");
    }

    [Fact]
    public void The_broker_is_found_by_its_name_and_its_default_user()
    {
        var name = Read("rabbitmq")["metadata"]["name"].Text;
        Values["rabbitmq"]["uri"].Text.Should().Be($"amqp://{name}:5672/");
        Values["rabbitmq"]["existingSecret"].Text.Should().Be($"{name}-default-user");
        Values["networkPolicy"]["rabbitmqTo"].Items.Single()["podSelector"]["matchLabels"]["app.kubernetes.io/name"].Text.Should().Be(name);
    }

    private static Node Read(string name) => Node.Parse(Repository.Read($"charts/merpati/examples/operators/{name}.yaml"));
}
