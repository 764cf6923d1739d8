using Merpati.Local;
using Merpati.Local.Broker;
using Microsoft.Extensions.Logging;

using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole());
var t0 = TimeProvider.System.GetTimestamp();
await using var mongo = await LocalMongo.StartNewAsync(CancellationToken.None, logger: loggers.CreateLogger("gateway"), report: Console.WriteLine);
Console.WriteLine(mongo.ConnectionString + " " + TimeProvider.System.GetElapsedTime(t0));
t0 = TimeProvider.System.GetTimestamp();
await using var rabbit = await RabbitBroker.StartNewAsync(CancellationToken.None);
Console.WriteLine(rabbit.Uri + " " + TimeProvider.System.GetElapsedTime(t0));
Console.ReadLine();
