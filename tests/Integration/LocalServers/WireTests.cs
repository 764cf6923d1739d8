using System.Buffers.Binary;
using AwesomeAssertions;
using Merpati.Local.DocumentDb;
using Merpati.Local.MongoGateway.Wire;
using MongoDB.Bson;
using Xunit;

namespace Merpati.Tests.Integration.LocalServers;

public sealed class WireTests
{
    [Fact]
    public void A_message_with_a_document_sequence_is_read()
    {
        var documents = new BsonDocument("_id", 1).ToBson().Concat(new BsonDocument("_id", 2).ToBson()).ToArray();
        var request = Request.Parse(Message(2, new BsonDocument { { "insert", "things" }, { "$db", "test" }, { "n", 5L } }.ToBson(), Section("documents"u8, documents)));
        (request.Document.Command, request.Document.Text("insert"), request.Document.Number("n"), request.Unacknowledged).Should().Be(("insert", "things", 5, true));
        request.Sequence("documents")!.Value.ToArray().Should().Equal(documents);
        request.Sequence("updates").Should().BeNull();
        request.Document.Nested("lsid").Should().BeNull();
    }

    [Fact]
    public void A_flag_that_must_be_understood_and_is_not_ends_the_connection()
        => FluentActions.Invoking(() => Request.Parse(Message(1 << 5, new BsonDocument("ping", 1).ToBson()))).Should().Throw<WireFormatException>();

    [Fact]
    public void Whatever_arrives_is_a_request_or_no_message_and_nothing_else()
    {
        var random = new Random(3);
        var whole = Message(0, new BsonDocument { { "find", "t" }, { "$db", "d" }, { "filter", new BsonDocument("a", new BsonRegularExpression("x", "i")) }, { "lsid", new BsonDocument("id", new BsonBinaryData(Guid.NewGuid(), GuidRepresentation.Standard)) } }.ToBson(), Section("x"u8, [1, 2, 3]));
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = whole.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--) bytes[random.Next(16, bytes.Length)] = (byte)random.Next(256);
            var frame = bytes.AsMemory(0, random.Next(2) == 0 ? bytes.Length : random.Next(21, bytes.Length));
            try
            {
                var request = Request.Parse(frame);
                _ = (request.Document.Text("$db"), request.Document.Flag("autocommit"), request.Document.Number("txnNumber"), request.Document.Nested("lsid"));
            }
            catch (WireFormatException)
            {
                // Refused as it should be.
            }
        }
    }

    [Fact]
    public void The_packages_that_a_program_needs_are_found_and_those_that_it_does_without_are_left_out()
    {
        const string Packages =
            """
            Package: engine
            Architecture: amd64
            Version: 1:18-2
            Depends: libc6 (>= 2.38), scripts | other, virtual-shell

            Package: libc6
            Version: 2.42
            Architecture: amd64

            Package: scripts
            Depends: perl

            Package: dash
            Provides: virtual-shell (= 1), sh
            Pre-Depends: libc6:any
            """;
        var index = PackageIndex.Read(new StringReader(Packages));
        index.Closure(["engine"], ["scripts"]).Should().Equal("dash", "engine", "libc6");
        index.FileOf("engine").Should().Be("engine_1%3a18-2_amd64.deb");
    }

    [Theory]
    [InlineData("http://mirror.test/debian", "deb [signed-by=/x.gpg] http://mirror.test/debian/ bookworm main")]
    [InlineData("http://mirror.test/debian", "Types: deb", "URIs: http://security.test/debian-security", "URIs: http://mirror.test/debian")]
    [InlineData("http://deb.debian.org/debian", "deb https://packages.test/apt stable main")]
    public void The_mirror_is_the_one_that_the_machine_uses(string mirror, params string[] lines)
        => DebianMirror.MirrorOf(lines).Should().Be(mirror);

    private static byte[] Message(uint flags, byte[] body, params byte[][] sections)
    {
        byte[] frame = [.. new byte[20], 0, .. body, .. sections.SelectMany(section => section)];
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(12), WireProtocol.Message);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(16), flags);
        return frame;
    }

    private static byte[] Section(ReadOnlySpan<byte> name, byte[] content)
    {
        byte[] section = [1, 0, 0, 0, 0, .. name, 0, .. content];
        BinaryPrimitives.WriteInt32LittleEndian(section.AsSpan(1), section.Length - 1);
        return section;
    }
}
